/* build_id.c - see build_id.h. */
#include "build_id.h"

#include <link.h>
#include <stdint.h>
#include <string.h>

struct wanted {
    char *out;
    size_t size;
};

static size_t
note_align(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

static void
write_hex(const struct wanted *wanted, const unsigned char *bytes,
          size_t length)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < length && at + 2 < wanted->size; i++) {
        wanted->out[at++] = digits[bytes[i] >> 4];
        wanted->out[at++] = digits[bytes[i] & 15];
    }
    wanted->out[at] = '\0';
}

static void
scan_notes(const struct wanted *wanted, const char *at, size_t size)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        size_t name_bytes;
        size_t whole;

        memcpy(&note, at, sizeof note);
        name_bytes = note_align(note.n_namesz);
        whole = sizeof note + name_bytes + note_align(note.n_descsz);
        if (whole > size)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(at + sizeof note, "GNU", 4) == 0) {
            write_hex(wanted,
                      (const unsigned char *)at + sizeof note + name_bytes,
                      note.n_descsz);
            return;
        }
        at += whole;
        size -= whole;
    }
}

/* Looks at the first object only, which is the program. */
static int
scan_object(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

        if (segment->p_type == PT_NOTE)
            scan_notes(wanted, (const char *)info->dlpi_addr + segment->p_vaddr,
                       segment->p_memsz);
    }
    return 1;
}

void
build_id_find(char *out, size_t size)
{
    struct wanted wanted = {out, size};

    out[0] = '\0';
    dl_iterate_phdr(scan_object, &wanted);
}

void
build_id_read(const char *notes, size_t bytes, char *out, size_t size)
{
    const struct wanted wanted = {out, size};

    scan_notes(&wanted, notes, bytes);
}
