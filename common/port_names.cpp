// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/port_names.hpp"

#include "common/jack_closing.hpp"
#include "common/jack_door.hpp"

#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/uuid.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

extern char** environ;

namespace crowdjack {

namespace {

constexpr const char* writer_flag = "--store-port-names";
constexpr auto naming_patience = std::chrono::seconds{2};

}  // namespace

bool store_port_names(const std::string& server, const std::vector<PortName>& names) {
    std::vector<std::string> words{"crowdjack-port-names", writer_flag, server};
    for (const PortName& name : names) {
        words.insert(words.end(), {name.uuid, name.pretty, std::to_string(name.order)});
    }
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);  // a kill of our process group must not catch it in the store
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    // libjack's sockets are not close-on-exec: a child stuck in the store would hide our death from the server.
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    pid_t child{};
    const int error = posix_spawn(&child, "/proc/self/exe", &files, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return false;
    }
    const auto deadline = std::chrono::steady_clock::now() + naming_patience;
    int status{};
    while (::waitpid(child, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            // It hangs in a store that somebody left locked; a later end is nobody's business.
            std::thread{[child] { ::waitpid(child, nullptr, 0); }}.detach();
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool ran_as_port_name_writer(int argc, const char* const* argv) {
    if (argc < 3 || std::strcmp(argv[1], writer_flag) != 0) {
        return false;
    }
    jack_set_error_function([](const char*) {});
    jack_set_info_function([](const char*) {});
    // Each name is told to every client. One that is behind in reading, or closes, would hold up the whole server.
    constexpr auto breath = std::chrono::microseconds{300};
    constexpr auto last_breath = std::chrono::milliseconds{20};
    const JackDoor turn{std::chrono::milliseconds{300}};
    jack_client_t* client = jack_client_open(
        "crowdjack-port-names", static_cast<jack_options_t>(JackNoStartServer | JackServerName), nullptr, argv[2]);
    for (int i = 3; client != nullptr && i + 2 < argc; i += 3) {
        jack_uuid_t uuid{};
        if (jack_uuid_parse(argv[i], &uuid) == 0) {
            jack_set_property(client, uuid, JACK_METADATA_PRETTY_NAME, argv[i + 1], "text/plain");
            jack_set_property(client, uuid, JACK_METADATA_ORDER, argv[i + 2], "http://www.w3.org/2001/XMLSchema#int");
            std::this_thread::sleep_for(breath);
        }
    }
    // Closed, since each one that only ends costs the store a mutex for good; but not at the price of hanging.
    const bool done = client != nullptr;
    if (done) {
        std::this_thread::sleep_for(last_breath);
        (void)JackClosing{}.close(client, std::chrono::milliseconds{500});
    }
    std::_Exit(done ? 0 : 1);
}

}  // namespace crowdjack
