using System.Security.Cryptography;
using System.Text;

namespace Camelid.Protocol;

/// <summary>The hash functions of the protocol.</summary>
public static class Hashes
{
    /// <summary>SHA-256.</summary>
    public static Hash256 Sha256(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(data, digest);
        return Hash256.FromBytes(digest);
    }

    /// <summary>SHA-256 of SHA-256: transaction ids, block hashes, checksums.</summary>
    public static Hash256 Sha256d(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(data, digest);
        SHA256.HashData(digest, digest);
        return Hash256.FromBytes(digest);
    }

    /// <summary>RIPEMD-160 of SHA-256: the hash of public keys in addresses and of secrets in scripts.</summary>
    public static Hash160 Hash160(ReadOnlySpan<byte> data) => Protocol.Hash160.Of(data);

    /// <summary>
    /// SHA256(SHA256(tag) ‖ SHA256(tag) ‖ data): a hash that means one thing only (BIP340's construction).
    /// </summary>
    /// <param name="tag">The meaning, such as <c>camelid/job</c>.</param>
    /// <param name="data">The canonical bytes.</param>
    public static Hash256 Tagged(string tag, ReadOnlySpan<byte> data)
    {
        Span<byte> prefix = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(tag), prefix);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(prefix);
        hash.AppendData(prefix);
        hash.AppendData(data);
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        hash.GetHashAndReset(digest);
        return Hash256.FromBytes(digest);
    }
}
