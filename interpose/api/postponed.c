/*
 * postponed.c - see postponed.h.
 */
#include "postponed.h"

#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "passthrough.h"
#include "process.h"
#include "rusage.h"

static struct {
    char **entries;
    long pid;
    bool has_stderr;
    struct stat target; /* of descriptor 2 */
} noted;

static bool
holds(const ElfW(Phdr) * segment, uintptr_t bias, uintptr_t address)
{
    uintptr_t start = bias + segment->p_vaddr;

    return segment->p_type == PT_LOAD && address >= start &&
           address - start < segment->p_memsz;
}

/* Does the address lie within the executable? */
static bool
is_in_executable(uintptr_t address)
{
    const ElfW(Phdr) *table = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    unsigned long count = getauxval(AT_PHNUM);
    uintptr_t bias = 0;

    for (unsigned long i = 0; table != NULL && i < count; i++) {
        if (table[i].p_type == PT_PHDR)
            bias = (uintptr_t)table - table[i].p_vaddr;
    }
    for (unsigned long i = 0; table != NULL && i < count; i++) {
        if (holds(&table[i], bias, address))
            return true;
    }
    return false;
}

/*
 * A runtime that is linked statically may export no name of its own, only
 * those that this library refers to.
 */
bool
postponed_is_needed(uintptr_t malloc)
{
    return passthrough_sanitizer() != NULL ||
           (is_in_executable(malloc) &&
            is_in_executable((uintptr_t)pthread_setcancelstate));
}

static bool
stat_stderr(struct stat *out)
{
    return syscall(SYS_fstat, STDERR_FILENO, out) == 0;
}

void
postponed_note(char **entries)
{
    noted.entries = entries;
    noted.pid = syscall(SYS_getpid);
    noted.has_stderr = stat_stderr(&noted.target);
    process_note_start();
    rusage_begin();
}

char **
postponed_entries(void)
{
    return noted.entries;
}

bool
postponed_is_same_process(void)
{
    return syscall(SYS_getpid) == noted.pid;
}

bool
postponed_is_same_stderr(void)
{
    struct stat now;

    return noted.has_stderr && stat_stderr(&now) &&
           now.st_dev == noted.target.st_dev &&
           now.st_ino == noted.target.st_ino;
}
