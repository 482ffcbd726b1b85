/* environment.c - see environment.h. */
#include "environment.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "sink.h"
#include "terminal.h"

static const char conf_name[] = "MIDPOOL_CONF";
static const char reporter_key[] = ",reporter:";

static struct {
    bool cut;
    bool utf8;
    bool colour;
    const char *backend_conf; /* in the environment itself */
    char conf[ENVIRONMENT_CONF_BYTES];
    char marked[sizeof conf_name + ENVIRONMENT_CONF_BYTES + 32];
} environment;

/* The number of name's entry, or -1. */
static long
find_entry(char *const *entries, const char *name)
{
    size_t length = strlen(name);

    for (long i = 0; entries != NULL && entries[i] != NULL; i++) {
        if (strncmp(entries[i], name, length) == 0 && entries[i][length] == '=')
            return i;
    }
    return -1;
}

static const char *
find_value(char *const *entries, const char *name)
{
    long entry = find_entry(entries, name);

    return entry < 0 ? "" : entries[entry] + strlen(name) + 1;
}

static void
copy_conf(const char *value)
{
    size_t length = strnlen(value, sizeof environment.conf);

    environment.cut = length == sizeof environment.conf;
    if (environment.cut) {
        length--;
        while (length > 0 && value[length] != ',')
            length--;
    }
    memcpy(environment.conf, value, length);
    environment.conf[length] = '\0';
}

static void
read_terminal(char *const *entries)
{
    const struct terminal_variables variables = {
        .lc_all = find_value(entries, "LC_ALL"),
        .lc_ctype = find_value(entries, "LC_CTYPE"),
        .lang = find_value(entries, "LANG"),
        .term = find_value(entries, "TERM"),
        .no_color = find_value(entries, "NO_COLOR"),
    };

    environment.utf8 = terminal_is_utf8(&variables);
    environment.colour = terminal_takes_colour(&variables);
}

bool
environment_read(char *const *entries)
{
    if (entries == NULL)
        return false;
    if (environment_is_secure())
        return true;
    copy_conf(find_value(entries, conf_name));
    environment.backend_conf = find_value(entries, "MALLOC_CONF");
    read_terminal(entries);
    return true;
}

const char *
environment_backend_conf(void)
{
    return environment.backend_conf != NULL ? environment.backend_conf : "";
}

const char *
environment_conf(void)
{
    return environment.conf;
}

bool
environment_conf_was_cut(void)
{
    return environment.cut;
}

bool
environment_is_utf8(void)
{
    return environment.utf8;
}

bool
environment_wants_colour(void)
{
    return environment.colour;
}

bool
environment_is_secure(void)
{
    return getauxval(AT_SECURE) != 0;
}

void
environment_mark(char **entries, int pid)
{
    long entry = find_entry(entries, conf_name);
    struct line mark;
    size_t length;

    if (entry < 0)
        return;
    line_start(&mark, reporter_key);
    sink_signed(&mark.sink, pid);
    length = strlen(entries[entry]);
    if (length + mark.sink.length >= sizeof environment.marked)
        return;
    memcpy(environment.marked, entries[entry], length);
    memcpy(environment.marked + length, line_string(&mark),
           mark.sink.length + 1);
    entries[entry] = environment.marked;
}
