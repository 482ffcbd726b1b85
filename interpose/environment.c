/* environment.c - see environment.h. */
#include "environment.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "line.h"

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

/* The variable that decides on the character set, as setlocale has it. */
static const char *
locale_name(char *const *entries)
{
    static const char names[][12] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = find_value(entries, names[i]);

        if (*value != '\0')
            return value;
    }
    return "";
}

/* ".UTF-8", ".utf8" and the like, without strcasecmp's locale. */
static bool
names_utf8(const char *locale)
{
    const char *charset = strchr(locale, '.');

    if (charset == NULL || (charset[1] | 0x20) != 'u' ||
        (charset[2] | 0x20) != 't' || (charset[3] | 0x20) != 'f')
        return false;
    charset += charset[4] == '-' ? 5 : 4;
    return *charset == '8';
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

static bool
wants_colour(char *const *entries)
{
    const char *terminal = find_value(entries, "TERM");

    return *find_value(entries, "NO_COLOR") == '\0' && *terminal != '\0' &&
           strcmp(terminal, "dumb") != 0;
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
    environment.utf8 = names_utf8(locale_name(entries));
    environment.colour = wants_colour(entries);
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
    line_add_signed(&mark, pid);
    length = strlen(entries[entry]);
    if (length + mark.length >= sizeof environment.marked)
        return;
    memcpy(environment.marked, entries[entry], length);
    memcpy(environment.marked + length, mark.text, mark.length + 1);
    entries[entry] = environment.marked;
}
