// SPDX-License-Identifier: GPL-3.0-or-later
// Pretty names and port order, as JACK metadata.
//
// JACK's metadata store is one Berkeley DB for all of a user's servers, and whoever dies inside a call leaves it locked
// for everybody. So no client writes it itself, where a kill -9 could land: a short-lived child of the same executable
// does.
#pragma once

#include <string>
#include <vector>

namespace crowdjack {

struct PortName {
    std::string uuid;    ///< jack_uuid_unparse() of the port
    std::string pretty;  ///< http://jackaudio.org/metadata/pretty-name
    int order{};         ///< http://jackaudio.org/metadata/order
};

/// Has a child process store the names; waits until it is done, at most 2 s. Never on the audio thread.
/// @returns false when the store does not answer: the ports work all the same, under their plain names
bool store_port_names(const std::string& server, const std::vector<PortName>& names);

/// The child's side: true (and done) when the command line is store_port_names()'s.
bool ran_as_port_name_writer(int argc, const char* const* argv);

}  // namespace crowdjack
