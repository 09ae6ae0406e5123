using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Transactions;

/// <summary>Rule C-07: what each type of signature signs.</summary>
[Trait("Rule", "C-07")]
public sealed class SignatureHashTests
{
    private static readonly Script Spent = new([0x51]);
    private static readonly Transaction Base = Make(100, 200, 0, Samples.Job);

    [Fact]
    public void The_job_id_is_signed_and_left_out_only_for_bitcoins_vectors()
    {
        Transaction other = Make(100, 200, 0, default);
        Assert.NotEqual(Digest(Base, 1), Digest(other, 1));
        Assert.Equal(Compat(Base), Compat(other));
        static Hash256 Compat(Transaction transaction) =>
            SignatureHash.ComputeAsBitcoin(transaction, 0, Spent.Span, SignatureHashType.All);
    }

    [Theory]
    [InlineData(0x01, true, true, true)]
    [InlineData(0x02, false, false, true)]
    [InlineData(0x03, true, false, true)]
    [InlineData(0x81, true, true, false)]
    [InlineData(0x82, false, false, false)]
    [InlineData(0x83, true, false, false)]
    public void Each_type_signs_its_part(int type, bool ownOutput, bool otherOutput, bool otherInput)
    {
        Assert.Equal(ownOutput, Digest(Base, type) != Digest(Make(101, 200, 0, Samples.Job), type));
        Assert.Equal(otherOutput, Digest(Base, type) != Digest(Make(100, 201, 0, Samples.Job), type));
        Assert.Equal(otherInput, Digest(Base, type) != Digest(Make(100, 200, 1, Samples.Job), type));
    }

    [Theory]
    [InlineData(0x00, false)]
    [InlineData(0x01, true)]
    [InlineData(0x03, true)]
    [InlineData(0x04, false)]
    [InlineData(0x83, true)]
    [InlineData(0x80, false)]
    [InlineData(0x41, false)]
    public void Only_three_types_and_their_variants_are_known(int type, bool known) =>
        Assert.Equal(known, SignatureHash.IsKnown((SignatureHashType)type));

    [Fact]
    public void Single_without_an_output_of_the_same_index_signs_nothing_and_is_refused()
    {
        Transaction transaction = Transaction.Create(1, Base.Inputs, [Base.Outputs[0]], 0, default);
        Assert.True(SignatureHash.IsSingleOutOfRange(transaction, 1, SignatureHashType.Single));
        Assert.False(SignatureHash.IsSingleOutOfRange(transaction, 0, SignatureHashType.Single));
        Assert.Throws<ArgumentException>(
            () => SignatureHash.Compute(transaction, 1, Spent, SignatureHashType.Single));
        Assert.Throws<ArgumentException>(() => SignatureHash.Compute(transaction, 2, Spent, SignatureHashType.All));
    }

    private static Hash256 Digest(Transaction transaction, int type) =>
        SignatureHash.Compute(transaction, 0, Spent, (SignatureHashType)type);

    private static Transaction Make(long first, long second, uint secondIndex, JobId job) => Transaction.Create(
        1,
        [
            new TxInput(new OutPoint(new Txid(Hashes.Sha256("a"u8)), 0), Script.Empty, TxInput.SequenceFinal),
            new TxInput(new OutPoint(new Txid(Hashes.Sha256("b"u8)), secondIndex), Script.Empty, 5),
        ],
        [new TxOutput(Amount.Grain(first), Spent), new TxOutput(Amount.Grain(second), Spent)],
        0,
        job);
}
