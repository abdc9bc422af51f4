/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/landlock.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface, written out: the headers that a distribution builds
 * with are older than the kernels that run it. */
#define CREATE_VERSION 1U
#define RULE_PATH_BENEATH 1

enum access_bit {
	ACCESS_EXECUTE = 0,
	ACCESS_WRITE_FILE = 1,
	ACCESS_REMOVE_DIR = 4,
	ACCESS_REMOVE_FILE = 5,
	ACCESS_MAKE_CHAR = 6,
	ACCESS_MAKE_DIR = 7,
	ACCESS_MAKE_REG = 8,
	ACCESS_MAKE_SOCK = 9,
	ACCESS_MAKE_FIFO = 10,
	ACCESS_MAKE_BLOCK = 11,
	ACCESS_MAKE_SYM = 12,
	ACCESS_REFER = 13,
	ACCESS_TRUNCATE = 14,
	ACCESS_IOCTL_DEV = 15,
};

#define BIT(access) (UINT64_C(1) << (access))
#define SCOPE_SIGNAL BIT(1)

struct ruleset {
	uint64_t files;			/* what is forbidden but for rules */
	uint64_t network;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t place;
} __attribute__((packed));

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* Everything but reading files and folders. */
static uint64_t
forbidden_files(int abi)
{
	uint64_t bits = BIT(ACCESS_EXECUTE) | BIT(ACCESS_WRITE_FILE);

	for (int at = ACCESS_REMOVE_DIR; at <= ACCESS_MAKE_SYM; at++)
		bits |= BIT(at);
	if (abi >= 2)
		bits |= BIT(ACCESS_REFER);
	if (abi >= 3)
		bits |= BIT(ACCESS_TRUNCATE);
	if (abi >= 5)
		bits |= BIT(ACCESS_IOCTL_DEV);
	return bits;
}

/* Of a folder: to replace a file by another, to write a log, to make a socket;
 * of a file to write it. */
static uint64_t
allowed_files(int abi, mode_t mode)
{
	uint64_t bits = BIT(ACCESS_WRITE_FILE) | BIT(ACCESS_TRUNCATE);

	if (S_ISDIR(mode))
		bits |= BIT(ACCESS_REMOVE_FILE) | BIT(ACCESS_MAKE_REG) |
		    BIT(ACCESS_MAKE_SOCK);
	return bits & forbidden_files(abi);
}

static void
allow_place(int rules, int abi, const char *path)
{
	struct path_beneath rule = {
	    .place = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat status;

	if (rule.place < 0)
		return;
	if (fstat(rule.place, &status) == 0) {
		rule.allowed = allowed_files(abi, status.st_mode);
		syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH,
		    &rule, 0);
	}
	close(rule.place);
}

enum landlock_outcome
landlock_enter(int abi, const struct landlock_places *places)
{
	struct ruleset ruleset = {
	    .files = forbidden_files(abi),
	    .scoped = abi >= 6 ? SCOPE_SIGNAL : 0,
	};
	/* Zeroes at the end that the kernel does not know are no fault. */
	int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset,
	    sizeof ruleset, 0);
	enum landlock_outcome outcome;

	if (rules < 0)
		return LANDLOCK_REFUSED;
	for (size_t i = 0; i < places->count; i++)
		allow_place(rules, abi, places->paths[i]);
	outcome = syscall(SYS_landlock_restrict_self, rules, 0) == 0
	    ? LANDLOCK_ENTERED : LANDLOCK_REFUSED;
	close(rules);
	return outcome;
}
