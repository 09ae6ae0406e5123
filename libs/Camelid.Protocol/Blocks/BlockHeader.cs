using System.Diagnostics.CodeAnalysis;

namespace Camelid.Protocol.Blocks;

/// <summary>The identity of a block: SHA256d of its header.</summary>
public readonly record struct BlockHash(Hash256 Value)
{
    /// <summary>Reads the 64 reversed hexadecimal digits that <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out BlockHash hash)
    {
        bool good = Hash256.TryParseReversed(text, out Hash256 value);
        hash = good ? new BlockHash(value) : default;
        return good;
    }

    /// <summary>64 hexadecimal digits, reversed as ever since Bitcoin.</summary>
    public override string ToString() => Value.ToReversedHex();
}

/// <summary>Rule C-10: the 80 bytes that commit to a block and are hashed for proof of work.</summary>
public sealed record BlockHeader
{
    /// <summary>Bytes in a header.</summary>
    public const int Bytes = 80;

    /// <summary>The version; 1.</summary>
    public required int Version { get; init; }

    /// <summary>The block before, zero at genesis.</summary>
    public required BlockHash PreviousHash { get; init; }

    /// <summary>The Merkle root of the transaction ids.</summary>
    public required Hash256 MerkleRoot { get; init; }

    /// <summary>Unix seconds.</summary>
    public required uint Time { get; init; }

    /// <summary>The target in compact form.</summary>
    public required uint Bits { get; init; }

    /// <summary>What the miner varies.</summary>
    public required uint Nonce { get; init; }

    /// <summary>SHA256d of the 80 bytes; computed anew at each call.</summary>
    public BlockHash Hash => new(Hashes.Sha256d(Encode()));

    /// <summary>The 80 bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Int32(Version).Hash(PreviousHash.Value).Hash(MerkleRoot)
        .UInt32(Time).UInt32(Bits).UInt32(Nonce).ToArray();

    /// <summary>Reads exactly 80 bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out BlockHeader? header)
    {
        CanonicalReader reader = new(bytes);
        BlockHeader read = Read(ref reader);
        header = reader.AtEnd ? read : null;
        return header is not null;
    }

    internal static BlockHeader Read(ref CanonicalReader reader) => new()
    {
        Version = reader.Int32(),
        PreviousHash = new BlockHash(reader.Hash()),
        MerkleRoot = reader.Hash(),
        Time = reader.UInt32(),
        Bits = reader.UInt32(),
        Nonce = reader.UInt32(),
    };
}
