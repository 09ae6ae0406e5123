using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Camelid.ModelRuntime.Tests.CacheSize;

/// <summary>
/// The place in a loaded ELF library (x86-64) through which it calls a function of another one. What stands there can
/// be changed while the process runs.
/// </summary>
internal sealed unsafe partial class ImportSlot
{
    private const int ProgramHeaderOffset = 32, ProgramHeaderSize = 54, ProgramHeaderCount = 56;
    private const int DynamicSegment = 2, SymbolBytes = 24, RelocationBytes = 24, JumpSlot = 7;
    private const int TagJumpBytes = 2, TagStrings = 5, TagSymbols = 6, TagJumps = 23, TagsMax = 200;
    private const int ReadOnly = 1, ReadWrite = 3;

    private readonly nint* place;

    private ImportSlot(nint* place) => this.place = place;

    /// <summary>The function that is called now.</summary>
    internal nint Target => *place;

    /// <summary>The slot of a function; null where the library does not call it.</summary>
    internal static ImportSlot? Find(string library, string function)
    {
        byte* image = ImageOf(library);
        Dictionary<long, ulong> tags = TagsOf(image);
        byte* jumps = Address(image, tags[TagJumps]);
        byte* symbols = Address(image, tags[TagSymbols]);
        byte* names = Address(image, tags[TagStrings]);
        for (ulong i = 0; i < tags[TagJumpBytes] / RelocationBytes; i++)
        {
            byte* jump = jumps + i * RelocationBytes;
            ulong info = *(ulong*)(jump + 8);
            uint name = *(uint*)(symbols + (info >> 32) * SymbolBytes);
            if ((uint)info == JumpSlot && Marshal.PtrToStringUTF8((nint)(names + name)) == function)
            {
                return new ImportSlot((nint*)(image + *(ulong*)jump));
            }
        }

        return null;
    }

    /// <summary>Makes the library call another function from now on.</summary>
    internal void Set(nint target)
    {
        // The linker made the page read-only when it had filled it in.
        nint page = (nint)place & ~(nint)(Environment.SystemPageSize - 1);
        Protect(page, ReadWrite);
        Volatile.Write(ref *place, target);
        Protect(page, ReadOnly);
    }

    /// <summary>Where the library's file begins in memory.</summary>
    private static byte* ImageOf(string library)
    {
        foreach (string line in File.ReadLines("/proc/self/maps", Encoding.UTF8))
        {
            string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 6 && Path.GetFileName(fields[5]).StartsWith(library, StringComparison.Ordinal))
            {
                return (byte*)nint.Parse(
                    fields[0].AsSpan(0, fields[0].IndexOf('-')), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"{library} is not loaded");
    }

    private static Dictionary<long, ulong> TagsOf(byte* image)
    {
        byte* header = image + *(ulong*)(image + ProgramHeaderOffset);
        ushort size = *(ushort*)(image + ProgramHeaderSize);
        for (int i = 0; i < *(ushort*)(image + ProgramHeaderCount); i++, header += size)
        {
            if (*(uint*)header != DynamicSegment)
            {
                continue;
            }

            Dictionary<long, ulong> tags = [];
            ulong* entry = (ulong*)(image + *(ulong*)(header + 16));
            for (int k = 0; k < TagsMax && entry[0] != 0; k++, entry += 2)
            {
                tags[(long)entry[0]] = entry[1];
            }

            return tags;
        }

        throw new InvalidOperationException("the library has no dynamic segment");
    }

    /// <summary>glibc writes addresses over the offsets of the file, musl does not.</summary>
    private static byte* Address(byte* image, ulong value) =>
        value >= (ulong)image ? (byte*)value : image + value;

    private static void Protect(nint page, int protection)
    {
        if (MProtect(page, (nuint)Environment.SystemPageSize, protection) != 0)
        {
            throw new InvalidOperationException($"mprotect failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int MProtect(nint address, nuint length, int protection);
}
