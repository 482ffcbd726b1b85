/* process.c - see process.h. */
#include "process.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "build_id.h"
#include "os.h"
#include "process_birth.h"
#include "sandbox.h"

static struct process self;

/* Set by process_note_start; 0: it was not called. */
static int64_t noted_unix_ns;
static int64_t noted_monotonic_ns;

int64_t
process_clock_ns(void)
{
    return os_clock_ns(CLOCK_MONOTONIC);
}

static void
copy_text(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

static void
find_host(void)
{
    struct utsname system;

    if (uname(&system) == 0)
        copy_text(self.host, sizeof self.host, system.nodename);
}

static bool
find_root(struct process_root *out)
{
    struct stat root;

    if (stat("/", &root) != 0)
        return false;
    *out = (struct process_root){.device = root.st_dev, .inode = root.st_ino};
    return true;
}

static void
find_ids(void)
{
    if (sandbox_allows(SANDBOX_IDENTITY)) {
        self.pid = getpid();
        self.parent = getppid();
        self.session = getsid(0);
    }
    /* Asked in a child too, which may be the first of a new namespace. */
    if (sandbox_allows(SANDBOX_FILES))
        self.pid_namespace = process_pid_namespace();
    self.start_unix_ns = os_clock_ns(CLOCK_REALTIME);
    self.start_monotonic_ns = process_clock_ns();
    self.generation = 1;
}

static int64_t
ask_clock_ns(clockid_t clock)
{
    struct timespec now = {0};

    syscall(SYS_clock_gettime, clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void
process_note_start(void)
{
    noted_unix_ns = ask_clock_ns(CLOCK_REALTIME);
    noted_monotonic_ns = ask_clock_ns(CLOCK_MONOTONIC);
}

void
process_identify(void)
{
    find_ids();
    if (noted_monotonic_ns != 0) {
        self.start_unix_ns = noted_unix_ns;
        self.start_monotonic_ns = noted_monotonic_ns;
    }
    (void)find_root(&self.root);
    if (getcwd(self.directory, sizeof self.directory) == NULL)
        copy_text(self.directory, sizeof self.directory, "");
    process_name_find(&self.name, self.directory);
    find_host();
    build_id_find(self.build_id, sizeof self.build_id);
}

void
process_forked(void)
{
    int session = self.session;

    find_ids();
    /* That of the program's start stays: a daemon is recognised by it. */
    self.session = session;
    self.forked = true;
}

void
process_set_generation(uint32_t generation)
{
    self.generation = generation;
}

const struct process *
process_self(void)
{
    return &self;
}

bool
process_is_self(void)
{
    return !sandbox_allows(SANDBOX_IDENTITY) || getpid() == self.pid;
}

bool
process_was_confined(void)
{
    struct process_root now;

    if (!sandbox_allows(SANDBOX_FILES) || !sandbox_allows(SANDBOX_USER))
        return false;
    return geteuid() != getauxval(AT_EUID) || !find_root(&now) ||
           now.device != self.root.device || now.inode != self.root.inode;
}

bool
process_left_session(void)
{
    return sandbox_allows(SANDBOX_IDENTITY) && getsid(0) != self.session;
}

bool
process_has_parent(void)
{
    return sandbox_allows(SANDBOX_IDENTITY) && getppid() == self.parent;
}

void
process_describe(struct stats_header *page)
{
    page->pid = self.pid;
    page->ppid = self.parent;
    page->generation = self.generation;
    page->end = STATS_END_RUNNING;
    page->birth.pid_namespace = self.pid_namespace;
    page->start_unix_ns = self.start_unix_ns;
    page->start_monotonic_ns = self.start_monotonic_ns;
    page->end_monotonic_ns = 0;
    page->usage = (struct stats_usage){0};
    copy_text(page->executable, sizeof page->executable, self.name.executable);
    copy_text(page->file, sizeof page->file, self.name.file);
    copy_text(page->build_id, sizeof page->build_id, self.build_id);
    copy_text(page->host, sizeof page->host, self.host);
}

void
process_publish(struct stats_header *page)
{
    atomic_thread_fence(memory_order_release);
    memcpy(page->magic, "midpool", sizeof page->magic);
}
