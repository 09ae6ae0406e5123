using System.Buffers.Binary;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Storage;

/// <summary>
/// The shortest bytes of an unspent output, in memory and in snapshots: txid (32), index (4), flags, height, block
/// time (4), grains, job (32, where there is one), script. Numbers are 7 bits a byte, the script of an address is its
/// 20 bytes. One output has one form.
/// </summary>
internal static class OutputCoding
{
    /// <summary>Bytes of the outpoint, with which a record begins.</summary>
    public const int KeyBytes = OutPoint.Bytes;

    /// <summary>Longest record.</summary>
    public const int BytesMax = KeyBytes + 1 + 5 + 4 + 9 + Hash256.Bytes + 3 + Script.BytesMax;

    private const byte IsCoinbase = 1, HasJob = 2, IsAddress = 4;
    private const int AddressScriptBytes = 5 + Hash160.Bytes;

    private static ReadOnlySpan<byte> AddressStart =>
        [(byte)Opcode.Dup, (byte)Opcode.Hash160, (byte)Hash160.Bytes];

    private static ReadOnlySpan<byte> AddressEnd => [(byte)Opcode.EqualVerify, (byte)Opcode.CheckSig];

    /// <summary>Writes the outpoint.</summary>
    public static void WriteKey(Span<byte> destination, OutPoint outPoint)
    {
        outPoint.Txid.Value.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[Hash256.Bytes..], outPoint.Index);
    }

    /// <summary>Writes the whole record.</summary>
    /// <param name="destination">At least <see cref="BytesMax"/> bytes.</param>
    /// <param name="outPoint">The output.</param>
    /// <param name="utxo">What it is.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, OutPoint outPoint, Utxo utxo)
    {
        WriteKey(destination, outPoint);
        ReadOnlySpan<byte> script = utxo.Output.Script.Span;
        bool isAddress = script.Length == AddressScriptBytes && script.StartsWith(AddressStart)
            && script.EndsWith(AddressEnd);
        destination[KeyBytes] = (byte)((utxo.IsCoinbase ? IsCoinbase : 0) | (utxo.JobId.IsNone ? 0 : HasJob)
            | (isAddress ? IsAddress : 0));
        int at = KeyBytes + 1;
        at += WriteNumber(destination[at..], (ulong)utxo.Height);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], utxo.BlockTime);
        at += 4;
        at += WriteNumber(destination[at..], (ulong)utxo.Output.Value.Grains);
        if (!utxo.JobId.IsNone)
        {
            utxo.JobId.Value.CopyTo(destination[at..]);
            at += Hash256.Bytes;
        }

        if (isAddress)
        {
            script.Slice(AddressStart.Length, Hash160.Bytes).CopyTo(destination[at..]);
            return at + Hash160.Bytes;
        }

        at += WriteNumber(destination[at..], (ulong)script.Length);
        script.CopyTo(destination[at..]);
        return at + script.Length;
    }

    /// <summary>Reads the outpoint of a record.</summary>
    public static OutPoint ReadKey(ReadOnlySpan<byte> record) => new(
        new Txid(Hash256.FromBytes(record[..Hash256.Bytes])),
        BinaryPrimitives.ReadUInt32LittleEndian(record[Hash256.Bytes..]));

    /// <summary>Bytes of the record with which a span begins; 0 where it does not begin with a whole one.</summary>
    public static int LengthOf(ReadOnlySpan<byte> span)
    {
        int at = KeyBytes + 1;
        if (span.Length < at)
        {
            return 0;
        }

        byte flags = span[KeyBytes];
        int height = NumberBytes(span, at);
        at += height + 4;
        int grains = NumberBytes(span, at);
        at += grains + ((flags & HasJob) != 0 ? Hash256.Bytes : 0);
        if (height == 0 || grains == 0)
        {
            return 0;
        }

        int scriptBytes = Hash160.Bytes;
        if ((flags & IsAddress) == 0)
        {
            int digits = NumberBytes(span, at);
            ulong length = digits == 0 ? ulong.MaxValue : ReadNumber(span, ref at);
            if (length > Script.BytesMax)
            {
                return 0;
            }

            scriptBytes = (int)length;
        }

        return at + scriptBytes <= span.Length ? at + scriptBytes : 0;
    }

    /// <summary>Reads a record that is known to be whole.</summary>
    public static Utxo Read(ReadOnlySpan<byte> record)
    {
        byte flags = record[KeyBytes];
        int at = KeyBytes + 1;
        int height = (int)ReadNumber(record, ref at);
        uint time = BinaryPrimitives.ReadUInt32LittleEndian(record[at..]);
        at += 4;
        Amount amount = Amount.Grain((long)ReadNumber(record, ref at));
        JobId job = default;
        if ((flags & HasJob) != 0)
        {
            job = new JobId(Hash256.FromBytes(record.Slice(at, Hash256.Bytes)));
            at += Hash256.Bytes;
        }

        Script script;
        if ((flags & IsAddress) != 0)
        {
            Span<byte> full = stackalloc byte[AddressScriptBytes];
            AddressStart.CopyTo(full);
            record.Slice(at, Hash160.Bytes).CopyTo(full[AddressStart.Length..]);
            AddressEnd.CopyTo(full[^AddressEnd.Length..]);
            script = new Script(full);
        }
        else
        {
            int length = (int)ReadNumber(record, ref at);
            script = length == 0 ? Script.Empty : new Script(record.Slice(at, length));
        }

        return new Utxo(new TxOutput(amount, script), height, (flags & IsCoinbase) != 0, time, job);
    }

    private static int WriteNumber(Span<byte> destination, ulong value)
    {
        int count = 0;
        while (value >= 0x80)
        {
            destination[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[count++] = (byte)value;
        return count;
    }

    /// <summary>Bytes of the number at an offset; 0 where there is none of at most nine bytes.</summary>
    private static int NumberBytes(ReadOnlySpan<byte> span, int at)
    {
        for (int count = 1; count <= 9 && at + count <= span.Length; count++)
        {
            if (span[at + count - 1] < 0x80)
            {
                return count;
            }
        }

        return 0;
    }

    private static ulong ReadNumber(ReadOnlySpan<byte> span, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = span[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
