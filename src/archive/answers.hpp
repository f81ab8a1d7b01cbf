// Answers: what becomes of a request: a listing, a still, a clip or a stored file as pieces of a playback.
//
//   input    the folder as it is now, and the request
//   output   pieces: messages of wire/archive_messages, or pickles of the ancestor on request
//   errors   told to whoever asked, as a message; nobody else notices
//   threads  the playback's
//   memory   a picture and its encoded bytes, or a run of a file
#pragma once

#include "archive/folder.hpp"
#include "archive/playback.hpp"

namespace glimt::archive {

void answer(Playback& out, const Folder& folder, const wire::ArchiveList& request, size_t max_frame_bytes);
void answer(Playback& out, const Folder& folder, const wire::ArchivePlay& request, size_t max_frame_bytes);
void answer(Playback& out, const Folder& folder, const wire::ArchiveFetch& request, size_t max_frame_bytes);

// The requests of wire=pickle-i, bare.
inline constexpr std::string_view kGetImage = "get_image", kGetVideo = "get_video";

// wire=pickle-i: the still as OpenCV decodes it in colour, or a pickled None where there is none; the clip likewise,
// picture by picture, and a pickled b'end'.
void answer_pickled_still(Playback& out, const Folder& folder, const std::string& name,
                          size_t max_frame_bytes);
void answer_pickled_clip(Playback& out, const Folder& folder, const std::string& name, bool fast,
                         size_t max_frame_bytes);

// What a file gives, whatever its descriptor's path is called.
Result<std::unique_ptr<source::FrameSource>> open_stored(const StoredFile& file,
                                                         source::SourceOptions options);
Piece piece_of(const wire::ArchiveMessage& message);

}  // namespace glimt::archive
