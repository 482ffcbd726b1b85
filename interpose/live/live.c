/* live.c - see live.h. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "error_text.h"
#include "live_path.h"
#include "live_room.h"
#include "live_sweep.h"
#include "page.h"
#include "pool.h"
#include "process.h"
#include "process_birth.h"
#include "quiet_signals.h"
#include "sampler.h"
#include "sandbox.h"
#include "sink.h"
#include "stderr_target.h"

enum {
    GENERATION_TRIES = 1000,
    ALLOCATE_TRIES = 1000, /* a timer's signals may interrupt a call again */
    /* The header, the shared block and the first thread's block. */
    PRESENT_BYTES = PAGE_HEADER_BYTES + 2 * PAGE_BLOCK_BYTES,
};

static struct line name;
static struct {
    dev_t device;
    ino_t inode;
    bool kept;
    bool there;
} file;

static bool
refuse(const char *what, int error)
{
    static struct line line;

    /* The parent has said it already. */
    if (process_self()->forked)
        return false;
    line_start(&line, "midpool: no ");
    sink_text(&line.sink, what);
    sink_text(&line.sink, " at ");
    sink_text(&line.sink, name.text);
    sink_text(&line.sink, ": ");
    sink_text(&line.sink, error_text(error));
    sink_text(&line.sink, "\n");
    stderr_target_say(line.text, line.sink.length);
    return false;
}

static void
set_name(uint32_t generation)
{
    line_start(&name, LIVE_PREFIX);
    sink_decimal(&name.sink, geteuid());
    sink_text(&name.sink, ".");
    sink_signed(&name.sink, process_self()->pid);
    sink_text(&name.sink, ".");
    sink_decimal(&name.sink, generation);
    (void)line_string(&name);
}

/*
 * Makes a file under the first free generation from *generation on. Removes the
 * page of an earlier process of the same pid.
 */
static int
create(uint32_t *generation, const struct stats_birth *birth)
{
    int fd = -1;

    for (int i = 0; i < GENERATION_TRIES && fd < 0; i++) {
        set_name(*generation);
        fd = open(name.text, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0 && !live_sweep_earlier(name.text, birth))
            (*generation)++;
    }
    return fd;
}

/*
 * Gives the file this length, and memory for the bytes from offset on. Returns
 * 0 or an errno value: EFBIG if the limit on the size of files is lower.
 */
static int
allocate(int fd, size_t length, size_t offset, size_t bytes)
{
    struct quiet_signals quiet;
    int error = EINTR;

    quiet_signals_begin(&quiet);
    if (ftruncate(fd, (off_t)length) != 0)
        error = errno;
    for (int i = 0; i < ALLOCATE_TRIES && error == EINTR; i++)
        error = posix_fallocate(fd, (off_t)offset, (off_t)bytes);
    quiet_signals_end(&quiet, error);
    return error;
}

static bool
may_use_files(void)
{
    return sandbox_allows(SANDBOX_FILES) && sandbox_allows(SANDBOX_PAGES) &&
           sandbox_allows(SANDBOX_USER);
}

/* Keeps errno, because it is called within an allocation. */
static bool
may_grow(size_t bytes)
{
    int kept = errno;
    bool room = may_use_files() && live_room_has(bytes);

    errno = kept;
    return room;
}

/* Adds the table of sites to the file; if there is no room, there is none. */
static void
fill_sites(int fd)
{
    struct stats_header *page = pool_page();
    size_t offset = pool_page_bytes();
    size_t bytes = sampler_shared_bytes();
    int error;

    if (bytes == 0)
        return;
    error = live_room_has(bytes) ? allocate(fd, offset + bytes, offset, bytes)
                                 : errno;
    if (error == 0 && !sampler_share(fd, offset))
        error = ENOMEM;
    if (error != 0) {
        (void)refuse("sites in the live page", error);
        (void)!ftruncate(fd, (off_t)offset);
        return;
    }
    page->sites_offset = offset;
    page->sites_bytes = bytes;
}

/* Moves the page into the file. Readers ignore it until it is published. */
static int
fill(int fd)
{
    struct stats_header *page = pool_page();
    size_t used = (size_t)page->blocks_used * PAGE_BLOCK_BYTES;
    int error;

    if (used < PRESENT_BYTES)
        used = PRESENT_BYTES;
    error = allocate(fd, pool_page_bytes(), 0, used);
    if (error != 0)
        return error;
    live_lock(fd);
    memset(page->magic, 0, sizeof page->magic);
    page->sites_offset = 0;
    page->sites_bytes = 0;
    if (!pool_page_share(fd, may_grow))
        return ENOMEM;
    fill_sites(fd);
    return 0;
}

static int
make_file(uint32_t *generation, const struct stats_birth *birth)
{
    struct stat status;
    int error;
    int fd;

    set_name(*generation);
    if (!live_room_has(PRESENT_BYTES))
        return errno;
    fd = create(generation, birth);
    if (fd < 0)
        return errno;
    error = fstat(fd, &status) == 0 ? fill(fd) : errno;
    close(fd);
    if (error != 0) {
        unlink(name.text);
        return error;
    }
    file.device = status.st_dev;
    file.inode = status.st_ino;
    file.there = true;
    return 0;
}

static bool
start(uint32_t generation, const struct stats_birth *birth)
{
    int kept = errno;
    int error;

    file.there = false;
    error = make_file(&generation, birth);
    if (error != 0)
        return refuse("live page", error);
    process_set_generation(generation);
    pool_page()->birth = *birth;
    errno = kept;
    return true;
}

bool
live_start(bool keep)
{
    struct stats_birth birth;
    struct live_sweep_result swept;

    if (environment_is_secure())
        return false;
    file.kept = keep;
    birth = process_birth();
    swept = live_sweep(process_self()->pid, &birth, live_room_tenth(),
                       PRESENT_BYTES);
    live_room_start(swept.bytes);
    return start(swept.generation, &birth);
}

bool
live_start_child(void)
{
    struct stats_birth birth;

    if (environment_is_secure() || !may_use_files())
        return false;
    birth = process_birth();
    return start(1, &birth);
}

void
live_finish(void)
{
    struct stat status;

    /* After a chroot the name may be another file's. */
    if (file.there && !file.kept && lstat(name.text, &status) == 0 &&
        status.st_dev == file.device && status.st_ino == file.inode)
        unlink(name.text);
    file.there = false;
}
