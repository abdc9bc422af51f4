/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/chaos.h"

#include <string.h>

#include "config.h"

struct chaos_name {
	const char *wire;
	size_t length;			/* root label too */
	bool version;
};

#define CHAOS_NAME(wire, version) { wire, sizeof(wire), version }

static const struct chaos_name chaos_names[] = {
	CHAOS_NAME("\7version\4bind", true),
	CHAOS_NAME("\7version\6server", true),
	CHAOS_NAME("\10hostname\4bind", false),
	CHAOS_NAME("\2id\6server", false),
};

static const char *
find_text(const struct question *question, const struct policy *policy)
{
	for (size_t i = 0; i < sizeof(chaos_names) / sizeof(*chaos_names);
	     i++) {
		const struct chaos_name *name = &chaos_names[i];

		if (question->name_length == name->length &&
		    memcmp(question->name, name->wire, name->length) == 0)
			return name->version ? PACKAGE_STRING :
			    policy->hostname;
	}
	return "";
}

bool
chaos_answer(struct query *q, const struct policy *policy)
{
	const char *text = find_text(&q->question, policy);
	size_t length = strnlen(text, 255);
	uint8_t rdata[256];
	struct reply_record record = {
		.type = TYPE_TXT,
		.class = CLASS_CH,
		.rdata = rdata,
		.rdata_length = (uint16_t)(length + 1),
	};

	if (length == 0 || (q->question.type != TYPE_TXT &&
	    q->question.type != TYPE_ANY))
		return false;
	rdata[0] = (uint8_t)length;
	memcpy(rdata + 1, text, length);
	q->reply.flags |= FLAG_AA;
	reply_record(&q->reply, REPLY_ANSWER, &record);
	return true;
}
