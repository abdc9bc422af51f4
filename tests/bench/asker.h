/* SPDX-License-Identifier: BSD-2-Clause */
/* asker.h - sends the questions of a list, and judges every answer.
 *
 * Closed loop (window): so many are on their way at any time.  Open loop
 * (rate): so many a second whatever the server does, evenly spaced; how long an
 * answer took is counted from the moment when its question was due, so that a
 * server that stands still makes all that was due meanwhile late.
 *
 * A line is a UDP socket or a TCP connection.  Ids of a line follow each other,
 * and are where its questions are kept; a question is lost when its time is
 * over, or 65,536 later ones have been sent on its line, or its connection
 * was closed.  One thread.
 */
#ifndef HOSTLER_BENCH_ASKER_H
#define HOSTLER_BENCH_ASKER_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "questions.h"
#include "witness.h"

#define ASKER_BATCH 64
#define ASKER_LINES_MAX 64
#define ASKER_IDS 65536
#define ASKER_READ_ROOM 131072

enum asker_transport {
	ASKER_UDP,
	ASKER_TCP,
};

enum asker_turns {
	ASKER_AGAIN_AND_AGAIN,		/* the list, until the time is over */
	ASKER_ONCE,
};

struct asker_settings {
	struct sockaddr_in to;
	enum asker_transport transport;
	enum asker_turns turns;
	enum strictness strictness;
	unsigned lines;
	unsigned window;		/* 0: open loop */
	double rate;			/* a second */
	double seconds;
	int64_t patience_ns;		/* then it is lost */
	int64_t late_ns;		/* longer than this is counted late */
};

struct asker_slot {
	int64_t due_ns;			/* 0: nothing is on its way */
	uint32_t question;
};

struct asker_line {
	int fd;
	struct asker_slot *slots;	/* ASKER_IDS */
	uint16_t next, oldest;		/* ids */
	unsigned on_way;
	uint8_t *read;			/* TCP: ASKER_READ_ROOM */
	size_t read_used;
};

struct asker {
	struct asker_settings settings;
	struct questions questions;
	struct asker_line lines[ASKER_LINES_MAX];
	unsigned turn;			/* the line that sends next */
	size_t at;			/* the question that is next */
	uint64_t sent, right, wrong, lost, late, unasked, closed;
	enum verdict first_wrong;
	size_t first_wrong_question;
	int64_t start_ns, end_ns;
	struct latency latency;
	struct witness witness;		/* without cores: none */
	struct witness_findings findings;
};

int64_t asker_now_ns(void);

/* Opens the lines; ends the program where that fails. */
void asker_start(struct asker *asker, const struct asker_settings *settings);
/* Until the time is over, the list is at its end or *stopped is set, and what
 * is on its way then has come or is lost. */
void asker_run(struct asker *asker, const volatile sig_atomic_t *stopped);
void asker_stop(struct asker *asker);

/* Between asker.c and what moves the bytes (asklines.c). */
void asklines_open(struct asker *asker, struct asker_line *line);
void asklines_close(struct asker_line *line);
/* Sends count (up to ASKER_BATCH) questions, due at due_ns and then each
 * apart_ns later. */
void asklines_send(struct asker *asker, struct asker_line *line,
    unsigned count, int64_t due_ns, int64_t apart_ns);
/* Reads what is there; how many answers that were waited for. */
unsigned asklines_take(struct asker *asker, struct asker_line *line);
/* One answer. */
unsigned asker_judge(struct asker *asker, struct asker_line *line,
    const uint8_t *packet, size_t length, int64_t now_ns);
/* The next question's packet, its slot filled; its id is in the packet. */
size_t asker_next(struct asker *asker, struct asker_line *line, uint8_t *out,
    int64_t due_ns);
/* All that is on its way there is lost. */
void asker_lose(struct asker *asker, struct asker_line *line);

#endif
