/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - hostler, as a table of contents: options, sockets, rights, names,
 * workers, and then waiting for signals.
 */
#include <event2/event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "check.h"
#include "confine.h"
#include "confread.h"
#include "descriptors.h"
#include "fdstore.h"
#include "follow.h"
#include "giveway.h"
#include "options.h"
#include "refresh.h"
#include "reload.h"
#include "serve/control.h"
#include "serve/observer.h"
#include "sys/notify.h"
#include "takeover.h"
#include "taps.h"
#include "telling.h"
#include "verbs.h"
#include "web.h"

enum exit_code {
	EXIT_AS_ASKED = 0,
	EXIT_CONFIGURATION = 1,
	EXIT_NETWORK = 2,
	EXIT_FILES = 3,
};

#define WAITING_MAX 4096
#define SHARE_LEAST 16			/* TCP connections, a worker */
#define STREAMS_MAX 512			/* to upstreams, a worker */
#define REFUSED_LOG_MS 60000
#define STOP_WAIT_MS 5000
#define LEAVE_WAIT_MS 1000		/* who asks at the control socket */
_Static_assert(LEAVE_WAIT_MS + STOP_WAIT_MS < TAKEOVER_WAIT_S * 1000,
    "one that ends as it should is not given up");
#define RECLAIM_AGAIN_MS 20

struct daemon {
	struct conf_options *options;
	struct listeners *listeners;
	struct reload *reload;
	struct cache *cache;
	struct workers *workers;
	struct observer *observer;
	struct tops *tops;
	struct taps *taps;
	struct web *web;
	struct confinement confinement;
	struct event_base *base;
	struct control *control;
	struct event *signals[4];
	struct event *reclaim;
	struct refresh *refresh;
	struct takeover *takeover;
	struct giveway *giveway;
	struct fdstore *store;
	struct follow *follow;
	struct verbs_context verbs;
};

static unsigned
count_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* Workers inherit the blocked set; main's loop takes the signals. */
static void
block_signals(int how)
{
	static const int ours[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaddset(&set, ours[i]);
	pthread_sigmask(how, &set, NULL);
}

/* ---- signals ---- */

static void
reclaim_soon(struct daemon *daemon)
{
	struct timeval soon = {0, RECLAIM_AGAIN_MS * 1000};

	if (reload_reclaim(daemon->reload))
		event_add(daemon->reclaim, &soon);
}

static void
on_reclaim(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	reclaim_soon(context);
}

/* While another is the main process, the manager would not keep them. */
static void
settle_store(struct daemon *daemon)
{
	if (takeover_is_over(daemon->takeover))
		fdstore_settle(daemon->store,
		    listeners_set(daemon->listeners));
}

static enum reload_result
reload_now(void *context)
{
	struct daemon *daemon = context;
	int64_t start_ms = clock_mono_ms();
	enum reload_result result;

	notify_reloading();
	result = reload_again(daemon->reload);
	web_settle(daemon->web, result == RELOAD_DONE ? WEB_RELOADED :
	    WEB_RELOAD_FAILED);
	telling_diagnostics(daemon->reload);
	log_notice("reloaded in %lld ms: generation %llu, %zu names%s",
	    (long long)(clock_mono_ms() - start_ms),
	    (unsigned long long)reload_generation(daemon->reload),
	    reload_name_count(daemon->reload),
	    result == RELOAD_DONE ? "" : ", with errors");
	notify_ready();
	settle_store(daemon);
	refresh_settle(daemon->refresh);
	follow_settle(daemon->follow);
	reclaim_soon(daemon);
	return result;
}

/* What was read and says nothing new is as it was, or was refused. */
static enum web_reading
outcome_of(const struct daemon *daemon, const struct refresh_look *look)
{
	return look->news == RELOAD_READ && realms_count_diags(
	    reload_realms(daemon->reload), DIAG_ERROR) > 0 ?
	    WEB_RELOAD_FAILED : WEB_RELOADED;
}

/* Sources were read again without being told to. */
static void
on_looked(void *context, const struct refresh_look *look)
{
	struct daemon *daemon = context;

	realms_print_news(reload_realms(daemon->reload), log_stream(),
	    diags_colour(stderr));
	if (look->news != RELOAD_NOTHING)
		web_settle(daemon->web, outcome_of(daemon, look));
	if (look->news != RELOAD_PUBLISHED)
		return;
	telling_changes(look->changes);
	log_notice("changes read in %lld ms: generation %llu, %zu names",
	    (long long)look->took_ms,
	    (unsigned long long)reload_generation(daemon->reload),
	    reload_name_count(daemon->reload));
	reclaim_soon(daemon);
}

/* Other addresses of this machine are other sockets and networks. */
static void
on_followed(void *context)
{
	struct daemon *daemon = context;

	settle_store(daemon);
	web_settle(daemon->web, WEB_NO_RELOAD);
	reclaim_soon(daemon);
}

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)what;
	if (number == SIGHUP)
		reload_now(daemon);
	else if (number == SIGUSR1)
		telling_counters(&daemon->verbs);
	else
		event_base_loopbreak(daemon->base);
}

static void
add_signals(struct daemon *daemon)
{
	static const int numbers[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		daemon->signals[i] = evsignal_new(daemon->base, numbers[i],
		    on_signal, daemon);
		evsignal_add(daemon->signals[i], NULL);
	}
	block_signals(SIG_UNBLOCK);
}

/* ---- one takes the place of another ---- */

static void
on_taken(void *context)
{
	struct daemon *daemon = context;

	log_notice("process %lld serves now",
	    (long long)giveway_pid(daemon->giveway));
	notify_main_process(giveway_pid(daemon->giveway));
	event_base_loopbreak(daemon->base);
}

static void
on_left(void *context, const struct endpoint *endpoint)
{
	struct daemon *daemon = context;

	fdstore_leave(daemon->store, endpoint);
}

/* No other serves at these sockets, or not any more. */
static void
on_alone(void *context)
{
	struct daemon *daemon = context;

	if (daemon->options->replace)
		notify_main_process(getpid());
	settle_store(daemon);
	if (daemon->options->replace)
		notify_ready();
}

static enum exit_code
find_sockets(struct daemon *daemon)
{
	const struct conf *conf = reload_conf(daemon->reload);

	daemon->store = fdstore_new();
	daemon->takeover = takeover_new();
	if (daemon->options->replace && takeover_ask(daemon->takeover,
	    conf->control_socket) == TAKEOVER_REFUSED)
		return EXIT_NETWORK;
	listeners_give(daemon->listeners, takeover_given(daemon->takeover));
	return EXIT_AS_ASKED;
}

/* HTTP is the old one's until this one can say that it is ready. */
static void
take_over(struct daemon *daemon)
{
	if (takeover_is_pending(daemon->takeover))
		web_settle(daemon->web, WEB_NO_RELOAD);
	web_give(daemon->web, NULL);
	takeover_done(daemon->takeover, daemon->base, daemon->workers,
	    &(struct takeover_hooks){on_left, on_alone, daemon});
}

static void
be_ready_to_give_way(struct daemon *daemon)
{
	const struct giveway_from from = {daemon->listeners, daemon->control,
	    daemon->web, daemon->takeover};

	if (!daemon->control)
		return;
	daemon->giveway = giveway_new(daemon->base, &from,
	    &(struct giveway_hooks){on_taken, daemon});
	control_set_taker(daemon->control, &(struct control_taker){
	    GIVEWAY_VERB, giveway_ask, daemon->giveway});
}

/* ---- start ---- */

static enum exit_code
bind_addresses(struct daemon *daemon)
{
	daemon->web = web_new();
	if (listeners_open(daemon->listeners, reload_conf(daemon->reload))) {
		web_give(daemon->web, takeover_given(daemon->takeover));
		if (!takeover_is_pending(daemon->takeover))
			web_bind(daemon->web, reload_conf(daemon->reload));
		return EXIT_AS_ASKED;
	}
	diags_print(listeners_diags(daemon->listeners), log_stream(),
	    diags_colour(stderr));
	log_error("hostler does not start");
	return EXIT_NETWORK;
}

/* What had to wait until it can be read. */
static enum exit_code
complete_addresses(struct daemon *daemon)
{
	struct diags *diags = diags_new();
	bool complete = listeners_complete(daemon->listeners, diags);

	diags_print(diags, log_stream(), diags_colour(stderr));
	diags_free(diags);
	return complete ? EXIT_AS_ASKED : EXIT_NETWORK;
}

static enum exit_code
start_control(struct daemon *daemon)
{
	const struct conf *conf = reload_conf(daemon->reload);
	char *wrong = NULL;
	int fd;

	if (!conf->control_socket)
		return EXIT_AS_ASKED;
	fd = takeover_control(daemon->takeover);
	if (fd >= 0)
		daemon->control = control_adopt(daemon->base, fd,
		    conf->control_socket, verbs_list, &daemon->verbs);
	if (!daemon->control)
		daemon->control = control_start(daemon->base,
		    conf->control_socket, verbs_list, &daemon->verbs, &wrong);
	if (daemon->control)
		return EXIT_AS_ASKED;
	if (conf->control_given)
		log_error("control socket %s: %s", conf->control_socket,
		    wrong);
	else
		log_warning("no control socket, hostlerctl will not reach "
		    "this daemon: %s: %s", conf->control_socket, wrong);
	free(wrong);
	return conf->control_given ? EXIT_FILES : EXIT_AS_ASKED;
}

/* Of what all workers may have.  The kernel does not spread clients evenly: a
 * few each may always have. */
static unsigned
share_of(unsigned all, unsigned workers)
{
	unsigned share = (all + workers - 1) / workers;
	unsigned few = all < SHARE_LEAST ? all : SHARE_LEAST;

	return share > few ? share : few;
}

static void
start_workers(struct daemon *daemon, unsigned count)
{
	const struct conf *conf = reload_conf(daemon->reload);
	struct workers_settings settings = {
	    .count = count,
	    .publisher = reload_publisher(daemon->reload),
	    .cache = daemon->cache,
	    .tcp_connections_max = share_of(conf->tcp.connections, count),
	    .tcp_client_max = share_of(conf->tcp.per_client, count),
	    .tcp_idle_ms = conf->tcp.idle_s * 1000,
	    .waiting_max = WAITING_MAX,
	    .upstream_streams_max = STREAMS_MAX,
	    .trust = reload_trust(daemon->reload),
	    .refused_log_ms = REFUSED_LOG_MS,
	    .reader = observer_reader(daemon->observer),
	};

	descriptors_fit(&settings);
	daemon->workers = workers_start(&settings);
	observer_start(daemon->observer, daemon->workers);
	daemon->verbs.workers = daemon->workers;
	reload_set_workers(daemon->reload, daemon->workers);
	web_set_workers(daemon->web, daemon->workers);
}

static void
say_ready(const struct daemon *daemon)
{
	if (listeners_only_loopback(daemon->listeners))
		log_notice("only this machine can ask here; to let VMs ask, "
		    "write listen: [private], or an address that they reach");
	follow_settle(daemon->follow);
	log_notice("ready: %zu names", reload_name_count(daemon->reload));
	notify_ready();
}

/* Who asks for what, from samples: they cost a query nothing to speak of. */
static void
keep_tops(struct daemon *daemon)
{
	unsigned sink;

	daemon->tops = tops_new();
	sink = observer_add(daemon->observer,
	    &(struct observer_sink){tops_see, NULL, daemon->tops});
	observer_want(daemon->observer, sink, SIGHTING_SAMPLE);
}

/* The order is the point: bind while it may, give up all other rights, then
 * read what people wrote, and only then start threads. */
static enum exit_code
start(struct daemon *daemon, unsigned workers)
{
	const struct conf *conf = reload_conf(daemon->reload);
	enum exit_code code = find_sockets(daemon);

	if (code == EXIT_AS_ASKED)
		code = bind_addresses(daemon);
	if (code != EXIT_AS_ASKED)
		return code;
	if (confine_self(conf, &daemon->confinement) == CONFINE_FAILED)
		return EXIT_CONFIGURATION;
	reload_set_confinement(daemon->reload, &daemon->confinement);
	daemon->base = event_base_new();
	daemon->reclaim = evtimer_new(daemon->base, on_reclaim, daemon);
	daemon->observer = observer_new();
	keep_tops(daemon);
	daemon->taps = taps_new(daemon->observer);
	reload_set_taps(daemon->reload, daemon->taps);
	daemon->cache = cache_new(conf->cache_bytes);
	daemon->refresh = refresh_new(daemon->base, daemon->reload,
	    &(struct refresh_hooks){on_looked, daemon});
	daemon->verbs = (struct verbs_context){
	    .reload = daemon->reload,
	    .cache = daemon->cache,
	    .taps = daemon->taps,
	    .refresh = daemon->refresh,
	    .tops = daemon->tops,
	    .web = daemon->web,
	    .reader = epoch_reader_new(),
	    .confinement = &daemon->confinement,
	    .started_ms = clock_mono_ms(),
	    .reload_now = reload_now,
	    .reload_context = daemon,
	};
	code = start_control(daemon);
	if (code != EXIT_AS_ASKED)
		return code;
	web_start(daemon->web, &(struct web_settings){
	    .base = daemon->base, .reload = daemon->reload,
	    .cache = daemon->cache, .taps = daemon->taps,
	    .tops = daemon->tops, .verbs = verbs_list,
	    .verbs_context = &daemon->verbs});
	reload_first(daemon->reload);
	telling_diagnostics(daemon->reload);
	code = complete_addresses(daemon);
	if (code != EXIT_AS_ASKED)
		return code;
	start_workers(daemon, workers);
	be_ready_to_give_way(daemon);
	take_over(daemon);
	refresh_begin(daemon->refresh);
	daemon->follow = follow_new(daemon->base, daemon->reload,
	    daemon->listeners, &(struct follow_hooks){on_followed, daemon});
	web_settle(daemon->web, WEB_NO_RELOAD);
	add_signals(daemon);
	say_ready(daemon);
	return EXIT_AS_ASKED;
}

static void
stop_workers(struct daemon *daemon)
{
	if (giveway_state(daemon->giveway) == GIVEWAY_TAKEN)
		workers_give_way(daemon->workers, STOP_WAIT_MS,
		    &(struct tcp_heir){giveway_give, daemon->giveway});
	else
		workers_stop(daemon->workers, STOP_WAIT_MS);
	observer_stop(daemon->observer);
	workers_free(daemon->workers);
}

/* Where another hostler has the sockets too, the way to it stays. */
static void
leave_public(struct daemon *daemon)
{
	bool other_serves = takeover_is_pending(daemon->takeover) ||
	    giveway_state(daemon->giveway) == GIVEWAY_TAKEN;

	if (!other_serves)
		notify_stopping();
	if (other_serves ||
	    giveway_state(daemon->giveway) == GIVEWAY_PROMISED)
		control_leave(daemon->control, LEAVE_WAIT_MS);
	else
		control_stop(daemon->control);
}

static void
stop(struct daemon *daemon)
{
	leave_public(daemon);
	if (daemon->web)
		web_stop(daemon->web);
	if (daemon->workers)
		stop_workers(daemon);
	taps_free(daemon->taps);
	web_free(daemon->web);
	giveway_free(daemon->giveway);
	takeover_free(daemon->takeover);
	fdstore_free(daemon->store);
	observer_free(daemon->observer);
	tops_free(daemon->tops);
	refresh_free(daemon->refresh);
	follow_free(daemon->follow);
	if (daemon->verbs.reader)
		epoch_reader_free(daemon->verbs.reader);
	reload_free(daemon->reload);
	listeners_free(daemon->listeners);
	if (daemon->cache)
		cache_free(daemon->cache);
	for (size_t i = 0; i < 4; i++)
		if (daemon->signals[i])
			event_free(daemon->signals[i]);
	if (daemon->reclaim)
		event_free(daemon->reclaim);
	if (daemon->base)
		event_base_free(daemon->base);
	confine_fini(&daemon->confinement);
}

static enum exit_code
serve(struct conf *conf, struct conf_options *options)
{
	struct daemon daemon = {.options = options};
	unsigned workers = conf->threads ? conf->threads : count_cores();
	enum exit_code code;

	signal(SIGPIPE, SIG_IGN);
	block_signals(SIG_BLOCK);
	descriptors_raise();
	daemon.listeners = listeners_new(workers);
	daemon.reload = reload_new(conf, options, daemon.listeners);
	code = start(&daemon, workers);
	if (code == EXIT_AS_ASKED) {
		event_base_dispatch(daemon.base);
		log_notice("stopping");
	}
	stop(&daemon);
	return code;
}

static enum exit_code
run(struct conf_options *options, enum options_task task)
{
	struct diags *diags;
	struct conf *conf;

	if (task == OPTIONS_CHECK)
		return check_files(options, CHECK_TEXT, stderr) == CHECK_CLEAN
		    ? EXIT_AS_ASKED : EXIT_CONFIGURATION;
	diags = diags_new();
	conf = confread(options, diags);
	if (!conf)
		diags_then(diags, "hostler does not start until this is "
		    "mended");
	diags_print(diags, stderr, diags_colour(stderr));
	diags_free(diags);
	if (!conf)
		return EXIT_CONFIGURATION;
	log_set_level(conf->log_level);
	if (task == OPTIONS_SERVE)
		return serve(conf, options);
	conf_print(conf, stdout);
	conf_free(conf);
	return EXIT_AS_ASKED;
}

int
main(int argc, char **argv)
{
	struct conf_options options = {0};
	enum options_task task = options_read(argc, argv, &options);

	if (task == OPTIONS_WRONG)
		return EXIT_CONFIGURATION;
	if (task == OPTIONS_TOLD)
		return EXIT_AS_ASKED;
	return run(&options, task);
}
