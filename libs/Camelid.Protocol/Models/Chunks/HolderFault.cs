namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rule J-36: why a download has nothing more to do with a holder. The link lets no accident through, so what is wrong
/// was sent on purpose, or from a damaged disk: either way once is enough.
/// </summary>
public enum HolderFault : byte
{
    /// <summary>Nothing is held against it.</summary>
    None = 0,

    /// <summary>The connection ended. It may come back, <see cref="DownloadPlan.DeparturesMax"/> times.</summary>
    Gone = 1,

    /// <summary>Nothing came of what was asked for, for too long. It may come back likewise.</summary>
    Stalled = 2,

    /// <summary>It takes no more connections. It may come back likewise.</summary>
    Busy = 3,

    /// <summary>It has not what it announced. It may come back likewise.</summary>
    HasNothing = 4,

    /// <summary>A chunk that its path does not prove: dropped for good.</summary>
    WrongChunk = 5,

    /// <summary>A head of another root: dropped for good.</summary>
    WrongHead = 6,

    /// <summary>A chunk that was not asked for: dropped for good.</summary>
    Unasked = 7,

    /// <summary>What is no message, or one at the wrong time: dropped for good.</summary>
    BadMessage = 8,

    /// <summary>Another network or version: dropped for good.</summary>
    OtherNetwork = 9,
}

/// <summary>What faults mean.</summary>
public static class HolderFaults
{
    /// <summary>True where a holder is never asked again.</summary>
    public static bool IsForGood(this HolderFault fault) => fault >= HolderFault.WrongChunk;

    /// <summary>The fault of that name; null for none.</summary>
    public static HolderFault? Parse(string name)
    {
        foreach (HolderFault fault in Enum.GetValues<HolderFault>())
        {
            if (fault.Name() == name)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>The stable name, for logs and JSON.</summary>
    public static string Name(this HolderFault fault) => fault switch
    {
        HolderFault.Gone => "gone",
        HolderFault.Stalled => "stalled",
        HolderFault.Busy => "busy",
        HolderFault.HasNothing => "has-nothing",
        HolderFault.WrongChunk => "wrong-chunk",
        HolderFault.WrongHead => "wrong-head",
        HolderFault.Unasked => "unasked",
        HolderFault.BadMessage => "bad-message",
        HolderFault.OtherNetwork => "other-network",
        _ => "none",
    };
}
