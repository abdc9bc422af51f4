/* SPDX-License-Identifier: BSD-2-Clause */
/* load.c - a steady load of questions over UDP, every answer checked.
 *
 *   load ADDR PORT QPS SECONDS NAMES     e.g. load 127.0.0.1 5300 20000 10 1000
 *
 * Asks hNNNN.load.test A for NNNN from 0 to NAMES-1 in turn, QPS a second,
 * from eight sockets.  The right answer is one A record whose last two bytes
 * are NNNN and whose first is 10; the second may be anything (reloads change
 * it).  A question without an answer after five seconds is lost.  SIGTERM or
 * the end of the time stops it; what is on its way is waited for.  Prints
 * "under way" once a hundred were asked, at the end
 * "sent N answered N lost N wrong N late_us N", and ends with 0 if nothing was
 * lost or wrong. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS 8
#define WAIT_US 5000000
#define PACKET_MAX 512
#define UNDER_WAY 100			/* questions */

struct slot {
	int64_t sent_us;		/* 0: free */
	uint16_t name;
};

struct load {
	struct pollfd sockets[SOCKETS];
	struct slot slots[SOCKETS][65536];
	uint16_t next_id[SOCKETS];
	unsigned names;
	uint64_t sent, answered, lost, wrong;
	int64_t late_us;
	unsigned turn;
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t
write_question(uint8_t *packet, uint16_t id, unsigned name)
{
	static const uint8_t rest[] = "\4load\4test\0\0\1\0\1";
	char label[8];

	memset(packet, 0, 12);
	packet[0] = (uint8_t)(id >> 8);
	packet[1] = (uint8_t)id;
	packet[2] = 1;
	packet[5] = 1;
	snprintf(label, sizeof label, "h%04u", name % 10000);
	packet[12] = 5;
	memcpy(packet + 13, label, 5);
	memcpy(packet + 18, rest, sizeof rest - 1);
	return 18 + sizeof rest - 1;
}

static void
send_one(struct load *load)
{
	unsigned which = load->turn % SOCKETS;
	uint16_t id = load->next_id[which]++;
	struct slot *slot = &load->slots[which][id];
	unsigned name = load->turn % load->names;
	uint8_t packet[PACKET_MAX];
	size_t length = write_question(packet, id, name);

	if (slot->sent_us)
		load->lost++;
	load->turn++;
	slot->name = (uint16_t)name;
	slot->sent_us = now_us();
	load->sent++;
	if (send(load->sockets[which].fd, packet, length, 0) < 0)
		slot->sent_us = 1;
	if (load->sent == UNDER_WAY) {
		puts("under way");
		fflush(stdout);
	}
}

static bool
is_right(const uint8_t *packet, size_t length, unsigned name)
{
	uint8_t question[PACKET_MAX];
	size_t end = write_question(question, 0, name);

	if (length < end + 16 || !(packet[2] & 0x80) || (packet[3] & 15) ||
	    packet[7] != 1 || memcmp(packet + 12, question + 12, end - 12))
		return false;
	packet += end;
	return packet[3] == 1 && packet[11] == 4 && packet[12] == 10 &&
	    packet[14] == name >> 8 && packet[15] == (name & 255);
}

static void
receive_all(struct load *load, unsigned which)
{
	uint8_t packet[PACKET_MAX];
	struct slot *slot;
	int64_t took_us;
	ssize_t length;

	for (;;) {
		length = recv(load->sockets[which].fd, packet, sizeof packet,
		    MSG_DONTWAIT);
		if (length < 12)
			return;
		slot = &load->slots[which][packet[0] << 8 | packet[1]];
		if (!slot->sent_us)
			continue;
		took_us = now_us() - slot->sent_us;
		if (took_us > load->late_us)
			load->late_us = took_us;
		if (is_right(packet, (size_t)length, slot->name))
			load->answered++;
		else
			load->wrong++;
		slot->sent_us = 0;
	}
}

static void
open_sockets(struct load *load, const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int room = 4 << 20;

	to.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		exit(2);
	for (unsigned i = 0; i < SOCKETS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
		if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
			exit(2);
		load->sockets[i] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
}

static void
turn_once(struct load *load, int wait_ms)
{
	poll(load->sockets, SOCKETS, wait_ms);
	for (unsigned i = 0; i < SOCKETS; i++)
		receive_all(load, i);
}

static uint64_t
count_open(const struct load *load)
{
	return load->sent - load->answered - load->lost - load->wrong;
}

int
main(int argc, char **argv)
{
	static struct load load;
	int64_t start, end, due;
	double rate;

	if (argc != 6)
		return 2;
	signal(SIGTERM, on_signal);
	open_sockets(&load, argv[1], argv[2]);
	rate = atof(argv[3]);
	load.names = (unsigned)atoi(argv[5]);
	start = now_us();
	end = start + (int64_t)(atof(argv[4]) * 1e6);
	while (!stopped && now_us() < end) {
		due = (int64_t)((double)(now_us() - start) * rate / 1e6);
		while ((int64_t)load.sent < due)
			send_one(&load);
		turn_once(&load, 1);
	}
	end = now_us() + WAIT_US;
	while (count_open(&load) && now_us() < end)
		turn_once(&load, 10);
	load.lost += count_open(&load);
	printf("sent %" PRIu64 " answered %" PRIu64 " lost %" PRIu64
	    " wrong %" PRIu64 " late_us %" PRId64 "\n", load.sent,
	    load.answered, load.lost, load.wrong, load.late_us);
	return load.lost || load.wrong || !load.answered;
}
