// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/announcement.hpp"

#include "common/log.hpp"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>

#include <csignal>
#include <string>

namespace crowdjack::web {

/// All but its beginning and end happens on Avahi's own thread.
struct Announcement::Impl {
    Impl(std::uint16_t query, std::uint16_t osc) : query_port{query}, osc_port{osc} {}

    void client_changed(AvahiClient* its, AvahiClientState state) {
        switch (state) {
        case AVAHI_CLIENT_S_RUNNING:
            publish(its);
            break;
        case AVAHI_CLIENT_S_COLLISION:
        case AVAHI_CLIENT_S_REGISTERING:
            forget();
            break;
        case AVAHI_CLIENT_CONNECTING:
            absent("no avahi-daemon runs");
            break;
        case AVAHI_CLIENT_FAILURE:
            absent(avahi_strerror(avahi_client_errno(its)));
            break;
        }
    }

    void absent(const char* why) {
        group = nullptr;  // went with the daemon
        if (!said_absent) {
            said_absent = true;
            log_event(LogLevel::info, "not-announced", {{"why", why}, {"do", "name this machine's address by hand"}});
        }
    }

    void forget() const {
        if (group != nullptr) {
            (void)avahi_entry_group_reset(group);
        }
    }

    void publish(AvahiClient* its) {
        if (group == nullptr) {
            group = avahi_entry_group_new(its, &Impl::group_callback, this);
        }
        if (group == nullptr || avahi_entry_group_is_empty(group) == 0) {
            return;
        }
        const int failed = add("_oscjson._tcp", query_port) + add("_osc._udp", osc_port);
        if (failed != 0 || avahi_entry_group_commit(group) < 0) {
            log_event(LogLevel::warning, "not-announced", {{"why", avahi_strerror(avahi_client_errno(its))}});
        }
    }

    int add(const char* type, std::uint16_t port) const {
        const int result = avahi_entry_group_add_service(group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, {}, name.c_str(),
                                                         type, nullptr, nullptr, port, nullptr);
        return result < 0 && result != AVAHI_ERR_COLLISION ? 1 : 0;
    }

    /// Somebody else has that name already.
    void rename(AvahiClient* its) {
        char* const other = avahi_alternative_service_name(name.c_str());
        name = other;
        avahi_free(other);
        forget();
        publish(its);
    }

    static void client_callback(AvahiClient* its, AvahiClientState state, void* self) {
        static_cast<Impl*>(self)->client_changed(its, state);
    }
    static void group_callback(AvahiEntryGroup* its, AvahiEntryGroupState state, void* self) {
        auto& impl = *static_cast<Impl*>(self);
        if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) {
            log_event(LogLevel::info, "announced",
                      {{"as", impl.name}, {"oscquery", impl.query_port}, {"osc", impl.osc_port}});
        } else if (state == AVAHI_ENTRY_GROUP_COLLISION) {
            impl.group = its;
            impl.rename(avahi_entry_group_get_client(its));
        }
    }

    const std::uint16_t query_port, osc_port;
    std::string name{"crowdjack"};
    bool said_absent{false};
    AvahiEntryGroup* group{nullptr};
    AvahiThreadedPoll* poll{nullptr};
    AvahiClient* client{nullptr};
};

Announcement::Announcement(std::uint16_t query_port, std::uint16_t osc_port)
    : impl_{std::make_unique<Impl>(query_port, osc_port)} {
    // The library's thread takes no signals: they are the control loop's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    impl_->poll = avahi_threaded_poll_new();
    if (impl_->poll != nullptr) {
        int error = 0;
        impl_->client = avahi_client_new(avahi_threaded_poll_get(impl_->poll), AVAHI_CLIENT_NO_FAIL,
                                         &Impl::client_callback, impl_.get(), &error);
        if (impl_->client == nullptr) {
            impl_->absent(avahi_strerror(error));  // no D-Bus either
        } else {
            (void)avahi_threaded_poll_start(impl_->poll);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Announcement::~Announcement() {
    if (impl_->client != nullptr) {
        (void)avahi_threaded_poll_stop(impl_->poll);
        avahi_client_free(impl_->client);
    }
    if (impl_->poll != nullptr) {
        avahi_threaded_poll_free(impl_->poll);
    }
}

}  // namespace crowdjack::web
