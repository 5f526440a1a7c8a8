// SPDX-License-Identifier: GPL-3.0-or-later
// The real-time mark: what runs on the audio thread, and the trap that proves it behaves.
#pragma once

/// Marks a function, in header and source, as callable on the audio thread: it never allocates, locks, logs, opens,
/// faults a page or makes a system call. Whatever leaves that promise says why beside the call.
#define CROWDJACK_REALTIME [[gnu::hot]]

/// The same for what runs in every cycle: all of it lies side by side. Between two cycles a processor sleeps and loses
/// its caches, so that each page of code touched anew costs more than what most of these functions do.
#define CROWDJACK_EVERY_CYCLE [[gnu::hot, gnu::section(".text.sorted.every_cycle")]]

namespace crowdjack {

/// While one lives on a thread, that thread is the audio thread.
///
/// Free of cost in production. When the test trap (tests/support/realtime_trap.cpp, LD_PRELOAD) is loaded, an
/// allocation, a lock, a blocking call or a major page fault inside the scope prints its name and aborts.
class RealtimeScope {
public:
    CROWDJACK_EVERY_CYCLE RealtimeScope() noexcept;
    CROWDJACK_EVERY_CYCLE ~RealtimeScope();
    RealtimeScope(const RealtimeScope&) = delete;
    RealtimeScope& operator=(const RealtimeScope&) = delete;
};

/// The one marked exception: while the server freewheels the audio thread waits for its workers, so that an offline
/// render is complete and the same every time. Lifts the trap for its lifetime.
class RealtimeExemption {
public:
    RealtimeExemption() noexcept;
    ~RealtimeExemption();
    RealtimeExemption(const RealtimeExemption&) = delete;
    RealtimeExemption& operator=(const RealtimeExemption&) = delete;
};

/// True while a RealtimeScope lives on this thread and the trap is loaded; lets "never on the audio thread" be checked.
[[nodiscard]] bool on_audio_thread() noexcept;

/// Sets flush-to-zero and denormals-are-zero for the calling thread; called first in every DSP thread.
void disable_denormals() noexcept;

}  // namespace crowdjack
