/* plugin.c - calls a function from a frame of ROOM bytes. */
#define EXPORT __attribute__((visibility("default")))

EXPORT void plugin_call(void (*site)(unsigned count), unsigned count);

void
plugin_call(void (*site)(unsigned count), unsigned count)
{
    volatile char room[ROOM];

    room[0] = 1;
    site(count);
    room[ROOM - 1] = room[0];
}
