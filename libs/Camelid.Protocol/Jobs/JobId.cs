namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-01: the identity of a job, <c>TaggedHash("camelid/job", canonical parameters)</c>. Zero is no job.
/// </summary>
public readonly record struct JobId(Hash256 Value)
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/job";

    /// <summary>True for the zero id, which ordinary transactions carry.</summary>
    public bool IsNone => Value.IsZero;

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out JobId id)
    {
        bool good = Hash256.TryParse(text, out Hash256 hash) && !hash.IsZero;
        id = good ? new JobId(hash) : default;
        return good;
    }

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}
