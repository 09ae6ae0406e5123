namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rule P-21: the outbound peers of the last run as a file; they are dialled first after a start, so that whoever makes
/// a node start again does not get to choose its peers anew.
/// </summary>
public static class AnchorFile
{
    /// <summary>The most anchors.</summary>
    public const int AnchorsMax = 8;

    private const byte Kind = 2;

    /// <summary>The file of at most eight addresses, each once.</summary>
    /// <exception cref="ArgumentException">There are more, or one twice.</exception>
    public static byte[] Encode(IReadOnlyList<PeerAddress> anchors, Network network)
    {
        if (anchors.Count > AnchorsMax || anchors.Distinct().Count() != anchors.Count)
        {
            throw new ArgumentException($"at most {AnchorsMax} anchors, each once", nameof(anchors));
        }

        CanonicalWriter writer = new();
        writer.Byte((byte)anchors.Count);
        foreach (PeerAddress anchor in anchors)
        {
            anchor.Write(writer);
        }

        return PeerFile.Seal(Kind, network, writer.Written);
    }

    /// <summary>Reads a file; with any code but <c>Accepted</c> there are no anchors.</summary>
    public static RuleCode Decode(ReadOnlySpan<byte> file, Network network, out IReadOnlyList<PeerAddress> anchors)
    {
        anchors = [];
        RuleCode code = PeerFile.Open(Kind, network, file, out ReadOnlySpan<byte> content);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        CanonicalReader reader = new(content);
        int count = reader.Byte();
        List<PeerAddress> read = [];
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            read.Add(PeerAddress.Read(ref reader));
        }

        bool good = reader.AtEnd && count <= AnchorsMax && read.Distinct().Count() == read.Count;
        anchors = good ? read : [];
        return good ? RuleCode.Accepted : RuleCode.PeerFileDamaged;
    }
}
