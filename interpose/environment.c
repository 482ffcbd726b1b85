/* environment.c - see environment.h. */
#include "environment.h"

#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "line.h"

static const char conf_name[] = "MIDPOOL_CONF";
static const char reporter_key[] = ",reporter:";

static struct {
    bool read;
    bool cut;
    bool utf8;
    bool colour;
    char conf[ENVIRONMENT_CONF_BYTES];
    char marked[sizeof conf_name + ENVIRONMENT_CONF_BYTES + 32];
} environment;

/* The place of name's entry in environ, or NULL. */
static char **
find_entry(const char *name)
{
    size_t length = strlen(name);

    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return entry;
    }
    return NULL;
}

static const char *
find_value(const char *name)
{
    char **entry = find_entry(name);

    return entry == NULL ? "" : *entry + strlen(name) + 1;
}

/* The variable that decides on the character set, as setlocale has it. */
static const char *
locale_name(void)
{
    static const char names[][12] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = find_value(names[i]);

        if (*value != '\0')
            return value;
    }
    return "";
}

static bool
names_utf8(const char *locale)
{
    const char *charset = strchr(locale, '.');

    return charset != NULL && (strncasecmp(charset, ".utf-8", 6) == 0 ||
                               strncasecmp(charset, ".utf8", 5) == 0);
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

bool
environment_read(void)
{
    if (environment.read)
        return true;
    if (environ == NULL)
        return false;
    environment.read = true;
    if (environment_is_secure())
        return true;
    copy_conf(find_value(conf_name));
    environment.utf8 = names_utf8(locale_name());
    environment.colour = *find_value("NO_COLOR") == '\0' &&
                         *find_value("TERM") != '\0' &&
                         strcmp(find_value("TERM"), "dumb") != 0;
    return true;
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
environment_mark(int pid)
{
    char **entry = find_entry(conf_name);
    struct line mark;
    size_t length;

    if (entry == NULL)
        return;
    line_start(&mark, reporter_key);
    line_add_signed(&mark, pid);
    length = strlen(*entry);
    if (length + mark.length >= sizeof environment.marked)
        return;
    memcpy(environment.marked, *entry, length);
    memcpy(environment.marked + length, mark.text, mark.length + 1);
    *entry = environment.marked;
}
