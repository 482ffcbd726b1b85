/* live.c - see live.h. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "line.h"
#include "live_path.h"
#include "live_sweep.h"
#include "page.h"
#include "pool.h"
#include "process.h"
#include "process_birth.h"
#include "quiet_signals.h"
#include "stderr_target.h"

enum {
    GENERATION_TRIES = 1000,
    ALLOCATE_TRIES = 1000, /* interrupted by a timer's signal, as a rule */
    /* The header, the shared block and the first thread's. */
    PRESENT_BYTES = PAGE_HEADER_BYTES + 2 * PAGE_BLOCK_BYTES,
};

static struct line name;

static bool
refuse(int error)
{
    static struct line line;
    const char *reason = strerrordesc_np(error);

    /* Its parent has said it already. */
    if (process_self()->forked)
        return false;
    line_start(&line, "midpool: no live page at ");
    line_add(&line, name.text);
    line_add(&line, ": ");
    line_add(&line, reason == NULL ? "unknown error" : reason);
    line_add(&line, "\n");
    stderr_target_say(line.text, line.length);
    return false;
}

static void
set_name(uint32_t generation)
{
    line_start(&name, LIVE_PREFIX);
    line_add_unsigned(&name, geteuid());
    line_add(&name, ".");
    line_add_signed(&name, process_self()->pid);
    line_add(&name, ".");
    line_add_unsigned(&name, generation);
}

/* A new file under the first free generation from *generation on. */
static int
create(uint32_t *generation)
{
    int fd = -1;

    for (int i = 0; i < GENERATION_TRIES && fd < 0; i++) {
        set_name(*generation);
        fd = open(name.text, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0)
            (*generation)++;
    }
    return fd;
}

/* 0 or an errno value: EFBIG where the limit on files' sizes is lower. */
static int
allocate(int fd, off_t used)
{
    int error = EINTR;

    if (ftruncate(fd, (off_t)pool_page_bytes()) != 0)
        return errno;
    for (int i = 0; i < ALLOCATE_TRIES && error == EINTR; i++)
        error = posix_fallocate(fd, 0, used);
    return error;
}

/* The page moves into the file, which says nothing to readers so far. */
static int
fill(int fd)
{
    struct stats_header *page = pool_page();
    off_t used = (off_t)page->blocks_used * PAGE_BLOCK_BYTES;
    struct quiet_signals quiet;
    int error;

    if (used < PRESENT_BYTES)
        used = PRESENT_BYTES;
    quiet_signals_begin(&quiet);
    error = allocate(fd, used);
    quiet_signals_end(&quiet, error);
    if (error != 0)
        return error;
    live_lock(fd);
    memset(page->magic, 0, sizeof page->magic);
    return pool_page_share(fd) ? 0 : ENOMEM;
}

bool
live_start(void)
{
    struct stats_birth birth;
    uint32_t generation;
    int kept = errno;
    int error;
    int fd;

    if (environment_is_secure())
        return false;
    birth = process_birth();
    generation = live_sweep(process_self()->pid, &birth);
    fd = create(&generation);
    if (fd < 0)
        return refuse(errno);
    error = fill(fd);
    close(fd);
    if (error != 0) {
        unlink(name.text);
        return refuse(error);
    }
    process_set_generation(generation);
    pool_page()->birth = birth;
    errno = kept;
    return true;
}
