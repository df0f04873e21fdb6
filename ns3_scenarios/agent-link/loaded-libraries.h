// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LOADED_LIBRARIES_H
#define TANDEM_LOADED_LIBRARIES_H

#include "agent-link/argument-check.h"

#include <climits>
#include <link.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace ns3::tandem
{

namespace loader
{
/** What the loader has in memory. */
struct Loaded
{
    std::string runPath;            //!< of the program itself
    std::vector<std::string> files; //!< ns-3's libraries
};

inline std::string
FileName(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

/** @return the program's own list of folders, as it stands in its file */
inline std::string
ReadRunPath(const dl_phdr_info& program)
{
    for (int i = 0; i < program.dlpi_phnum; ++i)
    {
        if (program.dlpi_phdr[i].p_type != PT_DYNAMIC)
        {
            continue;
        }
        const auto* entry =
            reinterpret_cast<const ElfW(Dyn)*>(program.dlpi_addr + program.dlpi_phdr[i].p_vaddr);
        ElfW(Addr) strings = 0;
        ElfW(Xword) offset = 0;
        for (; entry->d_tag != DT_NULL; ++entry)
        {
            if (entry->d_tag == DT_STRTAB)
            {
                strings = entry->d_un.d_ptr;
            }
            else if (entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH)
            {
                offset = entry->d_un.d_val;
            }
        }
        if (strings != 0 && offset != 0)
        {
            // Some loaders leave the address as it stands in the file.
            const auto base = strings < program.dlpi_addr ? program.dlpi_addr : 0;
            return reinterpret_cast<const char*>(base + strings + offset);
        }
    }
    return "";
}

inline int
Collect(dl_phdr_info* object, size_t /* size */, void* found)
{
    auto& loaded = *static_cast<Loaded*>(found);
    const std::string path = object->dlpi_name;
    if (path.empty() && loaded.runPath.empty()) // the program comes first and has no name
    {
        loaded.runPath = ReadRunPath(*object);
    }
    if (FileName(path).rfind("libns3", 0) == 0)
    {
        loaded.files.push_back(path);
    }
    return 0;
}

/** @return the folders of a run path, $ORIGIN replaced by the program's own folder */
inline std::vector<std::string>
ListFolders(const std::string& runPath)
{
    char program[PATH_MAX] = "";
    const ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);
    std::string origin(program, bytes > 0 ? bytes : 0);
    origin.resize(origin.rfind('/') == std::string::npos ? 0 : origin.rfind('/'));
    std::vector<std::string> folders;
    std::istringstream list(runPath);
    std::string folder;
    while (std::getline(list, folder, ':'))
    {
        for (const std::string token : {"$ORIGIN", "${ORIGIN}"})
        {
            if (folder.rfind(token, 0) == 0)
            {
                folder.replace(0, token.size(), origin);
            }
        }
        folders.push_back(folder);
    }
    return folders;
}
} // namespace loader

/**
 * Make sure that ns-3 is the one that this program was linked with: a library that a folder of the
 * program's own run path has must have been loaded from there. LD_LIBRARY_PATH and LD_PRELOAD can
 * replace it by another build of ns-3, with other results. Ends the program if one was replaced.
 *
 * In a header, because Python modules that include the message interface link no library of ours.
 */
inline void
CheckNs3Libraries()
{
    using namespace loader;
    Loaded loaded;
    dl_iterate_phdr(Collect, &loaded);
    const auto folders = ListFolders(loaded.runPath);
    for (const std::string& file : loaded.files)
    {
        struct stat actual{};
        if (stat(file.c_str(), &actual) != 0)
        {
            continue;
        }
        for (const std::string& folder : folders)
        {
            struct stat own{};
            const std::string expected = folder + "/" + FileName(file);
            if (stat(expected.c_str(), &own) != 0)
            {
                continue;
            }
            if (own.st_dev != actual.st_dev || own.st_ino != actual.st_ino)
            {
                Fail("another ns-3 was loaded than this program was built with: " + file +
                     " instead of " + expected +
                     "; unset LD_LIBRARY_PATH and LD_PRELOAD, or build with that ns-3 (NS3_ROOT)");
            }
            break;
        }
    }
}

} // namespace ns3::tandem

#endif // TANDEM_LOADED_LIBRARIES_H
