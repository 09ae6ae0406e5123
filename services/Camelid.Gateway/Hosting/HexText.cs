using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace Camelid.Gateway.Hosting;

/// <summary>Bytes of the wire as text of the HTTP interface.</summary>
internal static class HexText
{
    private const int HashBytes = 32;
    private const int StakeBytes = 36;

    /// <summary>Hexadecimal in byte order.</summary>
    public static string Of(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>Hexadecimal in byte order, or null where there are no bytes.</summary>
    public static string? OrNull(ByteString bytes) => bytes.IsEmpty ? null : Of(bytes);

    /// <summary>A transaction id or block hash as explorers show it, reversed; null where there are no bytes.</summary>
    public static string? ReversedOrNull(ByteString bytes) => bytes.IsEmpty ? null : Reversed(bytes.Span);

    /// <summary>A stake, <c>txid:index</c>; empty where there are no bytes.</summary>
    public static string Stake(ByteString bytes) => bytes.Length != StakeBytes
        ? Of(bytes)
        : $"{Reversed(bytes.Span[..HashBytes])}:{BitConverter.ToUInt32(bytes.Span[HashBytes..])}";

    /// <summary>Reads a job id: 64 hexadecimal digits.</summary>
    public static bool TryParseHash(string text, [NotNullWhen(true)] out ByteString? hash)
    {
        Span<byte> bytes = stackalloc byte[HashBytes];
        hash = text.Length == HashBytes * 2
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? ByteString.CopyFrom(bytes)
            : null;
        return hash is not null;
    }

    private static string Reversed(ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Array.Reverse(copy);
        return Convert.ToHexStringLower(copy);
    }
}
