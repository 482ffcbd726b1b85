/* call_stack.c - see call_stack.h. */
#include "call_stack.h"

#include <link.h>
#include <stdbool.h>
#include <unwind.h>

#include "own_image.h"
#include "process.h"

enum { FRAMES = 12 };

struct object {
    uintptr_t address; /* wanted */
    uintptr_t base;
    const char *file; /* empty: the program itself */
    bool found;
};

struct frames {
    unsigned count;
    uintptr_t address[FRAMES];
};

static int
match_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct object *object = arg;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_LOAD && object->address >= start &&
            object->address - start < segment->p_memsz) {
            object->base = info->dlpi_addr;
            object->file = info->dlpi_name;
            object->found = true;
            return 1;
        }
    }
    return 0;
}

static struct object
find_object(uintptr_t address)
{
    struct object object = {.address = address, .file = ""};

    dl_iterate_phdr(match_object, &object);
    return object;
}

static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *context, void *arg)
{
    struct frames *frames = arg;
    uintptr_t address = _Unwind_GetIP(context);

    if (address == 0 || frames->count == FRAMES)
        return _URC_END_OF_STACK;
    if (frames->count > 0 || !own_image_holds(address))
        /* The return address follows the call; one less lies within it. */
        frames->address[frames->count++] = address - 1;
    return _URC_NO_REASON;
}

static void
add_frame(struct sink *out, const char *prefix, uintptr_t address)
{
    struct object object = find_object(address);

    sink_text(out, prefix);
    if (object.found)
        sink_text(out, *object.file == '\0'
                           ? process_name_file(&process_self()->name)
                           : object.file);
    sink_text(out, object.found ? "+" : "");
    sink_address(out, address - object.base);
    sink_text(out, "\n");
}

void
call_stack_add(struct sink *out, const char *prefix)
{
    struct frames frames = {0};

    _Unwind_Backtrace(take_frame, &frames);
    for (unsigned i = 0; i < frames.count; i++) {
        size_t length = out->length;

        add_frame(out, prefix, frames.address[i]);
        if (out->full) { /* add no part of a line */
            out->length = length;
            break;
        }
    }
}
