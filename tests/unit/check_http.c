/* SPDX-License-Identifier: BSD-2-Clause */
/* check_http.c - the HTTP server on a loopback address: whom it answers, what
 * it refuses, who gives way; verbs by HTTP. */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/loop.h"
#include "serve/hosthead.h"
#include "serve/http.h"
#include "serve/liveness.h"
#include "serve/verbcall.h"

#define WAIT_MS 20000
#define CROWD 300			/* connections, more than are kept */

/* ---- Host ---- */

START_TEST(hosts_that_are_meant_for_us)
{
	static const char *const names[] = {"dns", "dns.lab.test."};
	static const char *const good[] = {
	    "127.0.0.1", "127.0.0.1:9153", "127.0.0.1:", "10.0.0.5:80",
	    "[::1]", "[::1]:1",
	    "[2001:db8::1]:65535", "localhost", "LOCALHOST:9153",
	    "localhost.", "dns", "Dns.Lab.Test", "dns.lab.test.:9153", "dns:",
	};
	static const char *const bad[] = {
	    "", ":", ":80", ".", "evil.test", "dns.evil.test",
	    "evil.test:9153", "localhost.evil.test", "127.0.0.1.evil.test",
	    "[::1", "[::1]x", "[::1]:x", "[127.0.0.1]", "::1",
	    "[]", "dns:1a", "dns:123456", "dns lab", "1.2.3", "0x7f.1",
	    "dns..", "localhost\x01",
	};
	struct hosthead_names set = {0};

	hosthead_set(&set, names, 2);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(hosthead_allows(&set, good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!hosthead_allows(&set, bad[i]), "%s", bad[i]);
	hosthead_set(&set, NULL, 0);
	ck_assert(!hosthead_allows(&set, "dns"));
	ck_assert(hosthead_allows(&set, "localhost"));
	hosthead_fini(&set);
}
END_TEST

/* ---- a server and its clients ---- */

static struct http *http;
static struct endpoint endpoint;

static int
open_listener(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, length), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	getsockname(fd, (struct sockaddr *)&name, &length);
	endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&name);
	return fd;
}

static int
connect_to(void)
{
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(&endpoint, &name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, length), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

/* All that comes until it is closed. */
static char *
hear(int fd)
{
	char *text = memory_zeroed(1, 65536);
	size_t length = 0;
	ssize_t got;

	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		ck_assert_int_eq(poll(&poll_fd, 1, WAIT_MS), 1);
		got = read(fd, text + length, 65535 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	return text;
}

static char *
ask(const char *request)
{
	int fd = connect_to();

	say(fd, request);
	return hear(fd);
}

/* The status and the body of GET (Connection: close). */
static char *
get(const char *path)
{
	char *request = memory_format("GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: close\r\n\r\n", path);
	char *reply = ask(request), *body = strstr(reply, "\r\n\r\n"), *short_;

	ck_assert_msg(body != NULL, "%s", reply);
	short_ = memory_format("%.3s %s", reply + strlen("HTTP/1.1 "),
	    body + 4);
	free(request);
	free(reply);
	return short_;
}

static void
check_get(const char *path, const char *wanted)
{
	char *got = get(path);

	ck_assert_msg(strcmp(got, wanted) == 0, "%s: got %s, not %s", path,
	    got, wanted);
	free(got);
}

static enum http_when
answer_echo(void *context, struct http_request *request,
    struct http_answer *answer)
{
	static const char *const names[] = {"a", "b", NULL};
	const char *a = http_parameter(request, "a");
	const char *stray = http_stray_parameter(request, names);

	ck_assert_ptr_eq(context, &http);
	evbuffer_add_printf(answer->body, "a=%s stray=%s", a ? a : "none",
	    stray ? stray : "none");
	return HTTP_NOW;
}

static void
start_http(void)
{
	int fd = open_listener();

	http = http_new();
	http_add_path(http, "/echo", answer_echo, &http);
	http_listen(http, &endpoint, fd);
}

static void
stop_http(void)
{
	http_stop(http);
	http_free(http);
}

START_TEST(a_path_is_answered)
{
	char *reply;

	start_http();
	http_start(http);
	check_get("/echo", "200 a=none stray=none");
	check_get("/echo?a=%C3%A9%3Cb%3E&b=", "200 a=\xc3\xa9<b> stray=none");
	check_get("/echo?a=1&c=2", "200 a=1 stray=c");
	check_get("/echo?a=1&a=2", "200 a=1 stray=a");
	check_get("/echo?a=1%00", "400 what is behind the question mark is "
	    "not understood\n");
	check_get("/echo/", "404 there is nothing of that name\n");
	check_get("/../echo", "404 there is nothing of that name\n");
	reply = ask("HEAD /echo HTTP/1.1\r\nHost: [::1]:7\r\n"
	    "Connection: close\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(reply, "Content-Length: 17\r\n"));
	ck_assert_str_eq(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	free(reply);
	stop_http();
}
END_TEST

START_TEST(every_answer_has_the_headers)
{
	static const char *const requests[] = {
	    "GET /echo HTTP/1.1\r\nHost: localhost\r\n",
	    "GET /none HTTP/1.1\r\nHost: localhost\r\n",
	    "GET /echo HTTP/1.1\r\nHost: evil.test\r\n",
	    "POST /echo HTTP/1.1\r\nHost: localhost\r\n",
	};
	static const char *const headers[] = {
	    "\r\nContent-Security-Policy: default-src 'none'; ",
	    "; base-uri 'none'; form-action 'none'; ",
	    "; frame-ancestors 'none'\r\n",
	    "\r\nX-Content-Type-Options: nosniff\r\n",
	    "\r\nX-Frame-Options: DENY\r\n",
	    "\r\nReferrer-Policy: no-referrer\r\n",
	    "\r\nCache-Control: no-store\r\n",
	};

	start_http();
	http_start(http);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		char *text = memory_format("%sConnection: close\r\n\r\n",
		    requests[i]), *reply = ask(text);

		for (size_t k = 0; k < sizeof headers / sizeof *headers; k++)
			ck_assert_msg(strstr(reply, headers[k]) != NULL,
			    "no %s in %s", headers[k], reply);
		free(reply);
		free(text);
	}
	stop_http();
}
END_TEST

static void
check_status(const char *request, const char *status)
{
	char *text = memory_format("%sConnection: close\r\n\r\n", request);
	char *reply = ask(text);

	ck_assert_msg(strncmp(reply + strlen("HTTP/1.1 "), status, 3) == 0,
	    "%s: %s", request, reply);
	free(reply);
	free(text);
}

START_TEST(what_is_refused)
{
	char *longer = memory_zeroed(1, 40000), *request;
	static const char *const names[] = {"dns.lab.test"};

	memset(longer, 'x', 20000);
	start_http();
	http_start(http);
	check_status("GET /echo HTTP/1.1\r\nHost: dns.lab.test\r\n", "403");
	http_set_names(http, names, 1);
	check_status("GET /echo HTTP/1.1\r\nHost: dns.lab.test\r\n", "200");
	check_status("GET /echo HTTP/1.1\r\nHost: a.test\r\n", "403");
	check_status("GET /echo HTTP/1.1\r\nHost: localhost\r\n"
	    "Host: a.test\r\n", "403");
	check_status("GET http://a.test/echo HTTP/1.1\r\nHost: localhost\r\n",
	    "403");
	check_status("GET /echo HTTP/1.0\r\n", "200");
	check_status("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n", "405");
	check_status("TRACE /echo HTTP/1.1\r\nHost: localhost\r\n", "501");
	check_status("POST /echo HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 5\r\n", "413");
	request = memory_format("GET /echo?a=%s HTTP/1.1\r\n", longer);
	check_status(request, "400");
	free(request);
	request = memory_format("GET /echo HTTP/1.1\r\nA: %s\r\n", longer);
	check_status(request, "400");
	free(request);
	free(longer);
	stop_http();
}
END_TEST

START_TEST(a_crowd_of_idle_ones_gives_way)
{
	int crowd[CROWD];
	char byte;

	start_http();
	http_start(http);
	for (unsigned i = 0; i < CROWD; i++) {
		crowd[i] = connect_to();
		if (i % 2)
			say(crowd[i], "GET /echo HTTP/1.1\r\n");
	}
	check_get("/echo?a=1", "200 a=1 stray=none");
	/* The first came first, and goes first. */
	for (unsigned i = 0; i < CROWD / 2; i++) {
		struct pollfd poll_fd = {.fd = crowd[i], .events = POLLIN};

		ck_assert_int_eq(poll(&poll_fd, 1, WAIT_MS), 1);
		ck_assert_int_le(read(crowd[i], &byte, 1), 0);
	}
	for (unsigned i = 0; i < CROWD; i++)
		close(crowd[i]);
	check_get("/echo?a=1", "200 a=1 stray=none");
	stop_http();
}
END_TEST

START_TEST(addresses_come_and_go)
{
	struct endpoint first;
	int fd;

	start_http();
	http_start(http);
	first = endpoint;
	fd = open_listener();
	http_listen(http, &endpoint, fd);
	check_get("/echo", "200 a=none stray=none");
	http_unlisten(http, &first);
	check_get("/echo", "200 a=none stray=none");
	http_unlisten(http, &endpoint);
	http_stop(http);
	http_free(http);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	{
		struct sockaddr_storage name;
		socklen_t length = endpoint_to_sockaddr(&first, &name);

		ck_assert_int_ne(connect(fd, (struct sockaddr *)&name,
		    length), 0);
	}
	close(fd);
}
END_TEST

/* ---- verbs ---- */

static struct event_base *base;
static bool ended;
static unsigned runs;

static enum control_result
run_words(void *context, const struct control_request *request, FILE *out)
{
	ck_assert_ptr_eq(context, &base);
	ck_assert_int_eq(request->form, CONTROL_JSON);
	runs++;
	for (unsigned i = 0; i < request->word_count; i++)
		fprintf(out, "[%s]", request->words[i]);
	return CONTROL_DONE;
}

static enum control_result
run_failing(void *context, const struct control_request *request, FILE *out)
{
	(void)context;
	(void)request;
	fputs("no", out);
	return CONTROL_FAILED;
}

static const struct control_verb verbs[] = {
    {"words", run_words}, {"failing", run_failing}, {NULL, NULL}};
static const struct verbcall_path paths[] = {
    {.path = "/api/words", .verb = "words", .parameters = {
	{.name = "one"}, {.name = "from", .before = "from"},
	{.name = "limit", .before = "--limit", .otherwise = "7",
	    .max = 9}}},
    {.path = "/api/failing", .verb = "failing"},
    {.path = NULL},
};

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	if (__atomic_load_n(&ended, __ATOMIC_RELAXED))
		event_base_loopbreak(base);
}

/* Main's part, in a thread of this program's. */
static void *
run_main(void *context)
{
	(void)context;
	event_base_dispatch(base);
	return NULL;
}

static struct verbcall *
start_calls(void)
{
	struct verbcall *calls;

	base = loop_new();
	start_http();
	calls = verbcall_new(&(struct verbcall_settings){.base = base,
	    .http = http, .paths = paths, .verbs = verbs, .context = &base});
	http_start(http);
	return calls;
}

START_TEST(verbs_are_run_by_main)
{
	struct verbcall *calls = start_calls();
	struct event *tick = loop_every(base, 10, on_tick, NULL);
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, run_main, NULL), 0);
	check_get("/api/words", "200 [words][--limit][7]");
	check_get("/api/words?from=x&one=a%2Ab",
	    "200 [words][a*b][from][x][--limit][7]");
	check_get("/api/words?limit=9", "200 [words][--limit][9]");
	check_get("/api/words?limit=10", "400 a value is not a number, or too "
	    "large\n");
	check_get("/api/words?limit=-1", "400 a value is not a number, or too "
	    "large\n");
	check_get("/api/words?one=--json", "400 a value is not one word that "
	    "can be printed\n");
	check_get("/api/words?one=a+b", "400 a value is not one word that "
	    "can be printed\n");
	check_get("/api/words?one=%0A", "400 a value is not one word that "
	    "can be printed\n");
	check_get("/api/words?two=a", "400 there is a parameter that is not "
	    "known here, or one that comes twice\n");
	check_get("/api/failing", "400 no");
	check_get("/api/reload", "404 there is nothing of that name\n");
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	loop_forget(tick);
	http_stop(http);
	verbcall_free(calls);
	http_free(http);
	event_base_free(base);
}
END_TEST

/* Main does not come to it: so many wait, the others are told; when the server
 * stops they are let go. */
START_TEST(calls_are_bounded)
{
	struct verbcall *calls = start_calls();
	int clients[VERBCALL_MAX + 1];
	unsigned refused = 0;
	char *reply;

	for (unsigned i = 0; i <= VERBCALL_MAX; i++) {
		clients[i] = connect_to();
		say(clients[i], "GET /api/words HTTP/1.0\r\n\r\n");
	}
	while (refused == 0) {
		struct pollfd polls[VERBCALL_MAX + 1];

		for (unsigned i = 0; i <= VERBCALL_MAX; i++)
			polls[i] = (struct pollfd){clients[i], POLLIN, 0};
		ck_assert_int_gt(poll(polls, VERBCALL_MAX + 1, WAIT_MS), 0);
		for (unsigned i = 0; i <= VERBCALL_MAX; i++) {
			if (!polls[i].revents)
				continue;
			reply = hear(clients[i]);
			ck_assert_ptr_nonnull(strstr(reply, " 503 "));
			free(reply);
			clients[i] = -1;
			refused++;
		}
	}
	ck_assert_uint_eq(refused, 1);
	check_get("/echo", "200 a=none stray=none");
	http_stop(http);
	verbcall_free(calls);
	http_free(http);
	event_base_free(base);
	for (unsigned i = 0; i <= VERBCALL_MAX; i++)
		if (clients[i] >= 0)
			close(clients[i]);
}
END_TEST

/* Nobody waits any more: main passes it over. */
START_TEST(a_late_call_is_not_run)
{
	struct verbcall *calls = start_calls();

	check_get("/api/words", "503 hostler is busy reading its sources; "
	    "names are served meanwhile\n");
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(runs, 0);
	check_get("/echo", "200 a=none stray=none");
	http_stop(http);
	verbcall_free(calls);
	http_free(http);
	event_base_free(base);
}
END_TEST

/* ---- health ---- */

START_TEST(main_may_be_away_for_a_minute)
{
	static struct liveness liveness;
	int64_t now_ms = clock_mono_ms();

	ck_assert_ptr_null(liveness_find_fault(&liveness, INT64_MAX));
	liveness_beat(&liveness);
	ck_assert_ptr_null(liveness_find_fault(&liveness, now_ms +
	    LIVENESS_MAIN_MS));
	ck_assert_ptr_nonnull(liveness_find_fault(&liveness, now_ms +
	    LIVENESS_MAIN_MS + WAIT_MS));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http");
	TCase *tc = tcase_create("http");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, hosts_that_are_meant_for_us);
	tcase_add_test(tc, a_path_is_answered);
	tcase_add_test(tc, every_answer_has_the_headers);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, a_crowd_of_idle_ones_gives_way);
	tcase_add_test(tc, addresses_come_and_go);
	tcase_add_test(tc, verbs_are_run_by_main);
	tcase_add_test(tc, calls_are_bounded);
	tcase_add_test(tc, a_late_call_is_not_run);
	tcase_add_test(tc, main_may_be_away_for_a_minute);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
