using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Transactions;

/// <summary>Rule C-05: one encoding, one id.</summary>
[Trait("Rule", "C-05")]
public sealed class TransactionTests
{
    [Fact]
    public void A_transaction_reads_back_from_its_bytes() => Prop.ForAll<int>(seed =>
    {
        Transaction transaction = Samples.Transaction(seed);
        return Transaction.TryDecode(transaction.Encode(), out Transaction? read)
            && read.Equals(transaction) && read.Txid == transaction.Txid && read.JobId == transaction.JobId;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Truncated_and_trailing_bytes_are_refused() => Prop.ForAll<int>(seed =>
    {
        byte[] bytes = Samples.Transaction(seed).Encode();
        int cut = new Random(seed).Next(bytes.Length);
        return !Transaction.TryDecode(bytes.AsSpan(0, cut), out _) && !Transaction.TryDecode([.. bytes, 0], out _);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_read_from_damaged_bytes_would_be_written_so() => Prop.ForAll<int>(seed =>
    {
        byte[] bytes = Samples.Transaction(seed).Encode();
        Random random = new(seed);
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return !Transaction.TryDecode(bytes, out Transaction? read) || read.Encode().AsSpan().SequenceEqual(bytes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_unspent_output_reads_back_from_its_bytes() => Prop.ForAll<int>(seed =>
    {
        Utxo utxo = Samples.Utxo(seed);
        byte[] bytes = utxo.Encode();
        return Utxo.TryDecode(bytes, out Utxo? read) && read == utxo
            && !Utxo.TryDecode([.. bytes, 0], out _) && !Utxo.TryDecode(bytes.AsSpan(1), out _);
    }).QuickCheckThrowOnFailure();

    /// <summary>Golden: the bytes and the id of a transaction with a Job ID.</summary>
    [Fact]
    public void The_bytes_and_the_id_of_a_job_transaction_are_fixed()
    {
        Assert.True(Txid.TryParse(new string('1', 64), out Txid previous));
        Assert.True(JobId.TryParse(new string('a', 64), out JobId job));
        Transaction transaction = Transaction.Create(
            1,
            [new TxInput(new OutPoint(previous, 7), new Script([0x51]), TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(12_345), new Script([0x00, 0x51]))],
            1_800_000_000,
            job);
        Assert.Equal(
            "01000000" + "01" + new string('1', 64) + "07000000" + "01" + "51" + "feffffff"
            + "01" + "3930000000000000" + "02" + "0051" + "00d2496b" + new string('a', 64),
            Convert.ToHexStringLower(transaction.Encode()));
        Assert.Equal(
            "29a19b10f8dc80f659928a9722c69c9d76b7746856c1fac8a4d11d9f947ddfb9", transaction.Txid.ToString());
    }

    [Fact]
    public void The_job_id_is_part_of_the_id()
    {
        Transaction with = Samples.Transaction(1);
        Transaction without = Transaction.Create(
            with.Version, with.Inputs, with.Outputs, with.LockTime, new JobId(Hashes.Sha256("other"u8)));
        Assert.NotEqual(with.Txid, without.Txid);
    }

    [Theory]
    [InlineData(Amount.GrainsMax, true)]
    [InlineData(Amount.GrainsMax + 1, false)]
    [InlineData(-1L, false)]
    public void An_amount_outside_the_supply_is_refused(long grains, bool good)
    {
        CanonicalWriter writer = new();
        writer.Int32(1).CompactSize(0).CompactSize(1).Int64(grains).VarBytes([]).UInt32(0).Hash(default);
        Assert.Equal(good, Transaction.TryDecode(writer.Written, out _));
    }

    [Fact]
    public void Text_forms_read_back_and_others_are_refused()
    {
        OutPoint outPoint = Samples.OutPoint(new Random(3));
        Assert.True(OutPoint.TryParse(outPoint.ToString(), out OutPoint read));
        Assert.Equal(outPoint, read);
        Assert.False(OutPoint.TryParse(outPoint.Txid + ":01", out _));
        Assert.False(OutPoint.TryParse(outPoint.Txid + ":-1", out _));
        Assert.False(OutPoint.TryParse(outPoint.Txid.ToString(), out _));
        Assert.False(Txid.TryParse("00", out _));
    }
}
