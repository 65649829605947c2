using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;

namespace ImplicitNet.NativeLibrary;

/// <summary>
/// Marks one symbol version that a shared library needs as weak, so that a loader whose system lacks that version
/// accepts the library. Only 64-bit little-endian ELF images are read.
/// </summary>
/// <remarks>
/// Compiled twice: by MSBuild against .NET Standard 2.0, for the build step in ImplicitNet.targets, and by the tests.
/// Layout: System V ABI, chapter 4 (header, sections); Linux Standard Base 5.0, section 10.7 (version needs).
/// </remarks>
public static class ElfVersionNeed
{
    private const int HeaderSize = 64;
    private const int SectionSize = 64;
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const int EntrySize = 16;                   // Elf64_Verneed (a library) and Elf64_Vernaux (a version of it)
    private const byte WeakFlag = 2;                    // VER_FLG_WEAK

    /// <summary>Sets the weak flag, in place, on the need of <paramref name="version"/> from <paramref name="library"/>.</summary>
    /// <param name="image">The bytes of the shared library.</param>
    /// <param name="library">The needed library, such as <c>libstdc++.so.6</c>.</param>
    /// <param name="version">The needed version, such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>True where the image was changed; false where it has no such need or has it weak already.</returns>
    /// <exception cref="InvalidDataException">The bytes are no such image, or end too early; the message names the offset.</exception>
    public static bool Weaken(byte[] image, string library, string version)
    {
        Expect(image, 0, "an ELF image (7F 45 4C 46)", 0x7f, (byte)'E', (byte)'L', (byte)'F');
        Expect(image, 4, "a 64-bit image (02)", 2);
        Expect(image, 5, "a little-endian image (01)", 1);
        Require(image, 0, HeaderSize, "the ELF header");
        ulong sections = Number(image, 0x28, 8);
        ulong count = Number(image, 0x3c, 2);
        if (count == 0 || Number(image, 0x3a, 2) != SectionSize)
        {
            throw Wrong(0x3a, "section headers of 64 bytes, at least one", count + " of " + Number(image, 0x3a, 2) + " bytes");
        }

        Require(image, sections, count * SectionSize, "the section headers");
        bool changed = false;
        for (ulong header = sections; header < sections + (count * SectionSize); header += SectionSize)
        {
            if (Number(image, header + 0x04, 4) == VersionNeedSection)
            {
                ulong link = Number(image, header + 0x28, 4);
                if (link >= count)
                {
                    throw Wrong(header + 0x28, "the number of a section, below " + count, link.ToString(null, null));
                }

                changed |= WeakenSection(image, header, sections + (link * SectionSize), library, version);
            }
        }

        return changed;
    }

    private static bool WeakenSection(byte[] image, ulong header, ulong namesHeader, string library, string version)
    {
        ulong start = Number(image, header + 0x18, 8);
        ulong names = Number(image, namesHeader + 0x18, 8);
        Require(image, start, Number(image, header + 0x20, 8), "the version needs");
        Require(image, names, Number(image, namesHeader + 0x20, 8), "the names of the version needs");

        bool changed = false;
        ulong step = 1;
        for (ulong need = start; step != 0; need += step)
        {
            Require(image, need, EntrySize, "a needed library");
            if (IsName(image, names + Number(image, need + 4, 4), library))
            {
                changed |= WeakenVersion(image, need + Number(image, need + 8, 4), names, version);
            }

            step = Step(image, need + 12);
        }

        return changed;
    }

    private static bool WeakenVersion(byte[] image, ulong entry, ulong names, string version)
    {
        bool changed = false;
        ulong step = 1;
        for (; step != 0; entry += step)
        {
            Require(image, entry, EntrySize, "a needed version");
            ulong flags = entry + 4;
            if ((image[flags] & WeakFlag) == 0 && IsName(image, names + Number(image, entry + 8, 4), version))
            {
                image[flags] |= WeakFlag;
                changed = true;
            }

            step = Step(image, entry + 12);
        }

        return changed;
    }

    /// <summary>The distance to the next entry: 0 at the last, else never less than an entry, so that every walk ends.</summary>
    private static ulong Step(byte[] image, ulong offset)
    {
        ulong step = Number(image, offset, 4);
        return step is 0 or >= EntrySize
            ? step
            : throw Wrong(offset, "0 or at least 16 bytes to the next entry", step.ToString(null, null));
    }

    private static bool IsName(byte[] image, ulong offset, string name)
    {
        byte[] expected = Encoding.ASCII.GetBytes(name + "\0");
        if (offset + (ulong)expected.Length > (ulong)image.Length)
        {
            return false;
        }

        for (int i = 0; i < expected.Length; i++)
        {
            if (image[offset + (ulong)i] != expected[i])
            {
                return false;
            }
        }

        return true;
    }

    private static ulong Number(byte[] image, ulong offset, int bytes)
    {
        ulong value = 0;
        for (int i = bytes - 1; i >= 0; i--)
        {
            value = (value << 8) | image[offset + (ulong)i];
        }

        return value;
    }

    private static void Expect(byte[] image, ulong offset, string what, params byte[] expected)
    {
        Require(image, offset, (ulong)expected.Length, what);
        for (int i = 0; i < expected.Length; i++)
        {
            if (image[offset + (ulong)i] != expected[i])
            {
                throw Wrong(offset, what, BitConverter.ToString(image, (int)offset, expected.Length).Replace('-', ' '));
            }
        }
    }

    private static void Require(byte[] image, ulong offset, ulong length, string what)
    {
        ulong size = (ulong)image.Length;
        if (offset > size || length > size - offset)
        {
            throw Wrong(offset, what + ", " + length + " bytes", "the end of the file at 0x" + size.ToString("x", null));
        }
    }

    private static InvalidDataException Wrong(ulong offset, string expected, string found) =>
        new InvalidDataException("At offset 0x" + offset.ToString("x", null) + ": expected " + expected + ", found " + found + ".");
}

/// <summary>The build step: writes a copy of a shared library in which one version need is weak.</summary>
public sealed class WeakenVersionNeed : Microsoft.Build.Utilities.Task
{
    /// <summary>The shared library to read; it is left as it is.</summary>
    [Required]
    public string Source { get; set; } = "";

    /// <summary>The file to write, whole or not at all.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <summary>The needed library, such as <c>libstdc++.so.6</c>.</summary>
    [Required]
    public string Library { get; set; } = "";

    /// <summary>The needed version, such as <c>GLIBCXX_3.4.32</c>.</summary>
    [Required]
    public string Version { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            byte[] image = File.ReadAllBytes(Source);
            bool changed = ElfVersionNeed.Weaken(image, Library, Version);
            Write(image);
            Log.LogMessage("{0}: the need of {1} {2}.", Source, Version, changed ? "is weak now" : "is absent or weak already");
            return true;
        }
        catch (Exception e) when (e is InvalidDataException || e is IOException || e is UnauthorizedAccessException)
        {
            string remedy = e is InvalidDataException ? " Set ImplicitNetRelaxLoader to false to use the library as it is." : "";
            Log.LogError(null, "INN0001", null, Source, 0, 0, 0, 0, e.Message + remedy);
            return false;
        }
    }

    private void Write(byte[] image)
    {
        string partial = Destination + "." + Guid.NewGuid().ToString("N") + ".partial";
        try
        {
            File.WriteAllBytes(partial, image);
            File.Delete(Destination);
            File.Move(partial, Destination);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
