/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.c - a load of DNS questions, every answer checked.
 *
 *	ask [options] ADDR PORT LIST		(the list: questions.h)
 *
 *	-t SECONDS	how long (1)
 *	-w WINDOW	closed loop: so many questions are on their way (128)
 *	-r RATE		open loop: so many a second
 *	-c LINES	UDP sockets or TCP connections (4)
 *	-T MS		a question is lost after that time (2000)
 *	-l MS		an answer is late after that time (20)
 *	-m tcp		over TCP
 *	-1		the list once, not again and again
 *	-a		any answer to the question is right (the floor's)
 *	-W CORE		take off what that core stood still (witness.h; may be
 *			repeated; needs CAP_SYS_NICE)
 *	-P PID		a process that is asked, for -W (may be repeated)
 *
 * Prints one line of JSON: sent, right, wrong, lost, late, unasked (answers
 * that nobody waited for), closed (connections, by the server), seconds,
 * p50_us, p99_us, p999_us, max_us; with -W standstills, stood_ms, and net times:
 * net_p50_us, net_p99_us, net_max_us; and says on stderr what was wrong first.
 * SIGTERM and SIGINT end it early.  Its exit status is 0 when it has asked.
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void
usage(void)
{
	fputs("usage: ask [-1a] [-t SECONDS] [-w WINDOW | -r RATE] [-c LINES] "
	    "[-T MS] [-l MS] [-m tcp] [-W CORE] [-P PID] ADDR PORT LIST\n",
	    stderr);
	exit(2);
}

static void
take_option(struct asker *asker, struct asker_settings *settings, int option)
{
	switch (option) {
	case 't':
		settings->seconds = atof(optarg);
		break;
	case 'w':
		settings->window = (unsigned)atoi(optarg);
		break;
	case 'r':
		settings->window = 0;
		settings->rate = atof(optarg);
		break;
	case 'c':
		settings->lines = (unsigned)atoi(optarg);
		break;
	case 'T':
		settings->patience_ns = atoll(optarg) * 1000000;
		break;
	case 'l':
		settings->late_ns = atoll(optarg) * 1000000;
		break;
	case 'm':
		settings->transport = strcmp(optarg, "tcp") == 0 ? ASKER_TCP :
		    ASKER_UDP;
		break;
	case '1':
		settings->turns = ASKER_ONCE;
		break;
	case 'W':
		witness_add_core(&asker->witness, (unsigned)atoi(optarg));
		break;
	case 'P':
		witness_add_process(&asker->witness, atoi(optarg));
		break;
	case 'a':
		settings->strictness = STRICT_QUESTION;
		break;
	default:
		usage();
	}
}

static void
read_options(struct asker *asker, struct asker_settings *settings, int argc,
    char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "t:w:r:c:T:l:m:1aW:P:")) != -1)
		take_option(asker, settings, option);
	if (argc - optind != 3 || settings->lines < 1 ||
	    settings->lines > ASKER_LINES_MAX ||
	    (settings->window ? settings->window < settings->lines :
	    settings->rate <= 0))
		usage();
	settings->to.sin_family = AF_INET;
	settings->to.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	if (inet_pton(AF_INET, argv[optind], &settings->to.sin_addr) != 1)
		usage();
}

static void
tell_findings(const struct witness_findings *findings)
{
	const struct latency *net = &findings->net;

	printf(", \"standstills\": %" PRIu64 ", \"stood_ms\": %.1f, "
	    "\"net_p50_us\": %.1f, \"net_p99_us\": %.1f, "
	    "\"net_max_us\": %.1f", findings->standstills,
	    (double)findings->stood_ns / 1e6, latency_us(net, 0.5),
	    latency_us(net, 0.99), (double)net->most_ns / 1000);
}

static void
tell(const struct asker *asker)
{
	const struct latency *latency = &asker->latency;
	const struct questions *questions = &asker->questions;

	printf("{\"sent\": %" PRIu64 ", \"right\": %" PRIu64 ", \"wrong\": %"
	    PRIu64 ", \"lost\": %" PRIu64 ", \"late\": %" PRIu64
	    ", \"unasked\": %" PRIu64 ", \"closed\": %" PRIu64,
	    asker->sent, asker->right, asker->wrong, asker->lost, asker->late,
	    asker->unasked, asker->closed);
	printf(", \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
	    "\"p999_us\": %.1f, \"max_us\": %.1f",
	    (double)(asker->end_ns - asker->start_ns) / 1e9,
	    latency_us(latency, 0.5), latency_us(latency, 0.99),
	    latency_us(latency, 0.999), (double)latency->most_ns / 1000);
	if (asker->witness.core_count)
		tell_findings(&asker->findings);
	puts("}");
	if (asker->wrong)
		warnx("the first wrong answer, to question %zu of %zu: %s",
		    asker->first_wrong_question + 1, questions->count,
		    questions_verdict_word(asker->first_wrong));
}

int
main(int argc, char **argv)
{
	static struct asker asker;
	struct asker_settings settings = {.lines = 4, .window = 128,
	    .seconds = 1, .patience_ns = 2000000000, .late_ns = 20000000};

	read_options(&asker, &settings, argc, argv);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	questions_read(&asker.questions, argv[optind + 2]);
	asker_start(&asker, &settings);
	asker_run(&asker, &stopped);
	tell(&asker);
	asker_stop(&asker);
	return 0;
}
