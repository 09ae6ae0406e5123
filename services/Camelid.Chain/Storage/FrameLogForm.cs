using System.Globalization;
using System.Text.RegularExpressions;

namespace Camelid.Chain.Storage;

/// <summary>What the files of a <see cref="FrameLog"/> are called and hold.</summary>
internal sealed record FrameLogForm
{
    /// <summary>The first part of each name, such as <c>blocks</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The bytes with which each file begins: a mark and the genesis hash.</summary>
    public required byte[] Head { get; init; }

    /// <summary>Largest payload, in bytes.</summary>
    public required int PayloadBytesMax { get; init; }

    /// <summary>A file that would become longer is followed by the next one.</summary>
    public required long SegmentBytesMax { get; init; }

    /// <summary>False where what was written last may be lost with the power: it can be made again.</summary>
    public bool IsWaitedFor { get; init; }

    /// <summary>The name of a file.</summary>
    public string FileName(int segment) => string.Create(CultureInfo.InvariantCulture, $"{Name}-{segment:000000}.log");

    /// <summary>The number in the name of a file, or null where it is none of these.</summary>
    public int? SegmentOf(string fileName)
    {
        Match match = Regex.Match(fileName, $"^{Name}-([0-9]{{6,9}})\\.log$", RegexOptions.CultureInvariant);
        int segment = match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : -1;
        return segment >= 0 && FileName(segment) == fileName ? segment : null;
    }
}
