/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/dnstapwriter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fstrm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sys/files.h"

#define CONTENT_TYPE "protobuf:dnstap.Dnstap"
#define BATCH_FRAMES 64
#define BATCH_BYTES (256u << 10)	/* the largest frame fits into half */
#define HANDSHAKE_MS 5000
#define MODE 0640
#define STAMP_TEXT 32

/* The thread alone has the stream; `ending` and what it is woken by are the two
 * things that others touch. */
struct dnstapwriter {
	struct ring *ring;
	struct dnstapwriter_counts *counts;
	struct sockaddr_un to;		/* a socket's, or: */
	int file;			/* -1: it is a socket */
	int fd;				/* open; the file's, too; else -1 */
	struct fstrm_writer *stream;	/* NULL: not open */
	int64_t by_ms;			/* what is read or written is by then */
	pthread_t thread;
	int woken, ended;		/* eventfds */
	_Atomic bool ending;
	_Atomic int64_t end_by_ms;
	uint8_t *batch;
	struct iovec frames[BATCH_FRAMES];
};

/* ---- bytes, as libfstrm wants them moved ---- */

/* Until the stream can go on: false where its time is over. */
static bool
wait_stream(struct dnstapwriter *w, short events)
{
	struct pollfd fds[] = {{.fd = w->fd, .events = events},
	    {.fd = w->ending ? -1 : w->ended, .events = POLLIN}};
	int64_t by_ms = w->by_ms, left_ms;

	if (w->ending && w->end_by_ms < by_ms)
		by_ms = w->end_by_ms;
	left_ms = by_ms - clock_mono_ms();
	if (left_ms <= 0)
		return false;
	poll(fds, 2, left_ms > HANDSHAKE_MS ? HANDSHAKE_MS : (int)left_ms);
	return true;
}

static fstrm_res
connect_socket(void *context)
{
	struct dnstapwriter *w = context;

	w->by_ms = clock_mono_ms() + HANDSHAKE_MS;
	if (w->file >= 0)
		return fstrm_res_success;
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (w->fd < 0)
		return fstrm_res_failure;
	return connect(w->fd, (const struct sockaddr *)&w->to,
	    sizeof w->to) == 0 ? fstrm_res_success : fstrm_res_failure;
}

/* close_stream does it, in every case. */
static fstrm_res
leave_open(void *context)
{
	(void)context;
	return fstrm_res_success;
}

static fstrm_res
read_stream(void *context, void *bytes, size_t length)
{
	struct dnstapwriter *w = context;
	uint8_t *to = bytes;

	while (length) {
		ssize_t n = read(w->fd, to, length);

		if (n > 0) {
			to += n;
			length -= (size_t)n;
			continue;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
		    !wait_stream(w, POLLIN))
			return fstrm_res_failure;
	}
	return fstrm_res_success;
}

/* Parts behind the first `done` bytes; returns how many there are. */
static int
skip_bytes(struct iovec *to, const struct iovec *parts, int count, size_t done)
{
	int left = 0;

	for (int i = 0; i < count; i++) {
		size_t skip = done < parts[i].iov_len ? done :
		    parts[i].iov_len;

		done -= skip;
		if (skip == parts[i].iov_len)
			continue;
		to[left++] = (struct iovec){
		    (uint8_t *)parts[i].iov_base + skip,
		    parts[i].iov_len - skip};
	}
	return left;
}

/* libfstrm gives a length and bytes for each frame. */
static fstrm_res
write_stream(void *context, const struct iovec *parts, int count)
{
	struct dnstapwriter *w = context;
	struct iovec left[2 * BATCH_FRAMES];
	size_t done = 0;
	int n_left;
	ssize_t n;

	assert(count <= 2 * BATCH_FRAMES);
	while ((n_left = skip_bytes(left, parts, count, done)) > 0) {
		n = writev(w->fd, left, n_left);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
		    !wait_stream(w, POLLOUT))
			return fstrm_res_failure;
	}
	return fstrm_res_success;
}

/* ---- the stream ---- */

static struct fstrm_writer *
make_stream(struct dnstapwriter *w)
{
	struct fstrm_rdwr *moves = fstrm_rdwr_init(w);
	struct fstrm_writer_options *options = fstrm_writer_options_init();
	struct fstrm_writer *stream;

	fstrm_rdwr_set_open(moves, connect_socket);
	fstrm_rdwr_set_close(moves, leave_open);
	fstrm_rdwr_set_write(moves, write_stream);
	if (w->file < 0)
		fstrm_rdwr_set_read(moves, read_stream);
	fstrm_writer_options_add_content_type(options, CONTENT_TYPE,
	    strlen(CONTENT_TYPE));
	stream = fstrm_writer_init(options, &moves);
	fstrm_writer_options_destroy(&options);
	return stream;
}

/* One that is whole says good-bye, and waits for the reader's. */
static void
close_stream(struct dnstapwriter *w)
{
	w->by_ms = clock_mono_ms() + HANDSHAKE_MS;
	if (w->stream)
		fstrm_writer_destroy(&w->stream);
	w->stream = NULL;
	if (w->file >= 0)
		return;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* What a full disk cut goes again. */
static void
cut_file(struct dnstapwriter *w, off_t whole)
{
	if (ftruncate(w->fd, whole) == 0)
		lseek(w->fd, whole, SEEK_SET);
}

static bool
open_stream(struct dnstapwriter *w)
{
	if (w->stream)
		return true;
	w->stream = make_stream(w);
	if (fstrm_writer_open(w->stream) == fstrm_res_success)
		return true;
	close_stream(w);
	if (w->file >= 0)
		cut_file(w, 0);
	return false;
}

/* It broke: nothing more is to be written to it. */
static void
drop_socket(struct dnstapwriter *w)
{
	shutdown(w->fd, SHUT_RDWR);
	close_stream(w);
}

/* ---- frames ---- */

/* Out of the ring, as many as fit. */
static unsigned
take_batch(struct dnstapwriter *w)
{
	unsigned count = 0;
	const void *frame;
	size_t used = 0, length;

	while (count < BATCH_FRAMES &&
	    (frame = ring_peek(w->ring, &length)) != NULL &&
	    length <= BATCH_BYTES - used) {
		memcpy(w->batch + used, frame, length);
		w->frames[count++] = (struct iovec){w->batch + used, length};
		used += length;
		ring_consume(w->ring);
	}
	return count;
}

static bool
write_file(struct dnstapwriter *w, unsigned count)
{
	off_t whole = lseek(w->fd, 0, SEEK_CUR);

	if (fstrm_writer_writev(w->stream, w->frames, (int)count) ==
	    fstrm_res_success)
		return true;
	cut_file(w, whole);
	return false;
}

static bool
write_socket(struct dnstapwriter *w, unsigned count)
{
	w->by_ms = INT64_MAX;
	if (fstrm_writer_writev(w->stream, w->frames, (int)count) ==
	    fstrm_res_success)
		return true;
	drop_socket(w);
	return false;
}

/* Until the ring is empty, or nothing is to be written to. */
static void
write_frames(struct dnstapwriter *w)
{
	unsigned count;

	while (w->stream && (count = take_batch(w)) > 0) {
		bool written = w->file >= 0 ? write_file(w, count) :
		    write_socket(w, count);

		if (written)
			w->counts->written += count;
		else
			w->counts->lost += count;
	}
}

/* ---- the thread ---- */

/* Until there is something in the ring, or the reader has gone. */
static void
wait_woken(struct dnstapwriter *w)
{
	struct pollfd fds[] = {{.fd = w->ended, .events = POLLIN},
	    {.fd = w->woken, .events = POLLIN},
	    {.fd = w->file < 0 ? w->fd : -1}};
	uint64_t count;

	if (!w->stream)
		fds[1].fd = -1;
	poll(fds, 3, w->stream ? -1 : DNSTAPWRITER_AGAIN_MS);
	if (fds[1].revents && read(w->woken, &count, sizeof count) < 0)
		return;
	if (fds[2].revents)
		drop_socket(w);
}

static void *
run_writer(void *context)
{
	struct dnstapwriter *w = context;

	pthread_setname_np(pthread_self(), "dnstap");
	while (!w->ending) {
		if (open_stream(w))
			write_frames(w);
		if (!w->ending)
			wait_woken(w);
	}
	if (open_stream(w))
		write_frames(w);
	close_stream(w);
	return NULL;
}

static void
start_thread(struct dnstapwriter *w)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, run_writer, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
}

/* ---- main's side ---- */

/* What is there and not empty gets out of the way. */
static bool
move_old(const char *file)
{
	time_t now = (time_t)clock_wall_s();
	char stamp[STAMP_TEXT], *old;
	struct stat status;
	struct tm tm;
	bool moved;

	if (stat(file, &status) != 0 || status.st_size == 0 ||
	    !S_ISREG(status.st_mode))
		return true;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	old = memory_format("%s.%s", file, stamp);
	moved = rename(file, old) == 0;
	free(old);
	return moved;
}

/* A link stays: what is put aside lies beside what it leads to, on the disk
 * that is meant for it and where the sandbox lets us.  -1: errno says why. */
static int
renew(const char *file)
{
	char *target = files_follow(file);
	int fd = -1;

	if (!target)
		errno = ELOOP;
	else if (move_old(target))
		fd = open(target, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY |
		    O_CLOEXEC, MODE);
	free(target);
	return fd;
}

static int
open_file(const char *file, char **wrong)
{
	int fd = renew(file);
	struct stat status;
	char text[64];

	if (fd < 0) {
		*wrong = memory_string(strerror_r(errno, text, sizeof text));
		return -1;
	}
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	*wrong = memory_string("this is no file; a socket is given as "
	    "'socket'");
	close(fd);
	return -1;
}

static bool
set_address(struct sockaddr_un *to, const char *path, char **wrong)
{
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof to->sun_path) {
		*wrong = memory_string("the path is too long for a socket");
		return false;
	}
	strcpy(to->sun_path, path);
	return true;
}

struct dnstapwriter *
dnstapwriter_start(const struct dnstapwriter_settings *settings, char **wrong)
{
	struct sockaddr_un to = {0};
	struct dnstapwriter *w;
	int file = -1;

	if (settings->file)
		file = open_file(settings->file, wrong);
	if (settings->file ? file < 0 :
	    !set_address(&to, settings->socket, wrong))
		return NULL;
	w = memory_zeroed(1, sizeof *w);
	w->to = to;
	w->file = w->fd = file;
	w->counts = settings->counts;
	w->ring = ring_new(DNSTAPWRITER_RING_BYTES);
	w->batch = memory_alloc(BATCH_BYTES);
	w->woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->ended = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(w->woken >= 0 && w->ended >= 0);
	start_thread(w);
	return w;
}

struct ring *
dnstapwriter_ring(struct dnstapwriter *writer)
{
	return writer->ring;
}

static void
signal_event(int fd)
{
	uint64_t one = 1;

	/* It cannot fail but where it is signalled already. */
	if (write(fd, &one, sizeof one) < 0)
		return;
}

void
dnstapwriter_wake(struct dnstapwriter *writer)
{
	signal_event(writer->woken);
}

bool
dnstapwriter_has_file(const struct dnstapwriter *writer, const char *file)
{
	struct stat own, there;

	return fstat(writer->file, &own) == 0 && stat(file, &there) == 0 &&
	    own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

/* What nobody took. */
static void
count_left(struct dnstapwriter *w)
{
	unsigned count;

	while ((count = take_batch(w)) > 0)
		w->counts->lost += count;
}

void
dnstapwriter_stop(struct dnstapwriter *writer, unsigned wait_ms)
{
	writer->end_by_ms = clock_mono_ms() + wait_ms;
	writer->ending = true;
	signal_event(writer->ended);
	pthread_join(writer->thread, NULL);
	count_left(writer);
	if (writer->file >= 0)
		close(writer->file);
	close(writer->woken);
	close(writer->ended);
	ring_free(writer->ring);
	free(writer->batch);
	free(writer);
}
