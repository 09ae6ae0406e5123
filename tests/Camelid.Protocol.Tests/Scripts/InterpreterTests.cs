using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>Rules C-07, C-08 and C-09: what a script may do, and each thing that it may not.</summary>
[Trait("Rule", "C-08")]
public sealed class InterpreterTests
{
    private static readonly Script Pkh = Samples.P2pkh(Samples.Client);

    [Fact]
    public void The_key_of_the_address_unlocks_and_no_other_does()
    {
        ScriptFixture spend = new() { Locking = Pkh };
        byte[] signature = spend.Sign(Samples.Client);
        Script good = P2pkhScript.Unlock(signature, Samples.Public(Samples.Client));
        Assert.Equal(new ScriptOutcome(RuleCode.Accepted, false), spend.Run(good));
        Script otherKey = P2pkhScript.Unlock(spend.Sign(Samples.Worker), Samples.Public(Samples.Worker));
        Assert.Equal(RuleCode.ScriptVerifyFailed, spend.Code(otherKey));
        Script otherSignature = P2pkhScript.Unlock(spend.Sign(Samples.Worker), Samples.Public(Samples.Client));
        Assert.Equal(RuleCode.ScriptSignature, spend.Code(otherSignature));
        ScriptFixture changed = spend with { Outputs = [new TxOutput(Amount.Grain(5), Pkh)] };
        Assert.Equal(RuleCode.ScriptSignature, changed.Code(good));
        ScriptFixture job = spend with { JobId = Samples.Job };
        Assert.Equal(RuleCode.ScriptSignature, job.Code(good));
    }

    [Theory]
    [InlineData("51", "", RuleCode.Accepted)]
    [InlineData("", "51", RuleCode.Accepted)]
    [InlineData("", "", RuleCode.ScriptFalse)]
    [InlineData("00", "", RuleCode.ScriptFalse)]
    [InlineData("0180", "", RuleCode.ScriptFalse)]
    [InlineData("5151", "", RuleCode.ScriptStackNotClean)]
    [InlineData("0101", "", RuleCode.ScriptNotMinimal)]
    [InlineData("4c0102", "", RuleCode.ScriptNotMinimal)]
    [InlineData("0181", "", RuleCode.ScriptNotMinimal)]
    [InlineData("4f", "", RuleCode.Accepted)]
    [InlineData("02ff", "", RuleCode.ScriptTruncatedPush)]
    [InlineData("51", "02ff", RuleCode.ScriptTruncatedPush)]
    [InlineData("5176", "75", RuleCode.ScriptNotPushOnly)]
    [InlineData("50", "51", RuleCode.ScriptNotPushOnly)]
    [InlineData("", "75", RuleCode.ScriptStackEmpty)]
    [InlineData("51", "87", RuleCode.ScriptStackEmpty)]
    [InlineData("51", "ba", RuleCode.ScriptUnknownOpcode)]
    [InlineData("51", "50", RuleCode.ScriptUnknownOpcode)]
    [InlineData("51", "0063ba68", RuleCode.Accepted)]
    [InlineData("51", "00635068", RuleCode.Accepted)]
    [InlineData("51", "00636268", RuleCode.Accepted)]
    [InlineData("51", "00636568", RuleCode.ScriptUnknownOpcode)]
    [InlineData("51", "00636668", RuleCode.ScriptUnknownOpcode)]
    [InlineData("51", "00637e68", RuleCode.ScriptDisabledOpcode)]
    [InlineData("51", "00639968", RuleCode.ScriptDisabledOpcode)]
    [InlineData("51", "0063ab68", RuleCode.ScriptCodeSeparator)]
    [InlineData("51", "6a", RuleCode.ScriptReturn)]
    [InlineData("51", "00636a68", RuleCode.Accepted)]
    [InlineData("51", "63", RuleCode.ScriptUnbalancedIf)]
    [InlineData("51", "68", RuleCode.ScriptUnbalancedIf)]
    [InlineData("51", "67", RuleCode.ScriptUnbalancedIf)]
    [InlineData("51", "6351675268", RuleCode.Accepted)]
    [InlineData("00", "6300675168", RuleCode.Accepted)]
    [InlineData("51", "6451670068", RuleCode.ScriptFalse)]
    [InlineData("00", "6451670068", RuleCode.Accepted)]
    [InlineData("52", "6351675168", RuleCode.ScriptSelectorNotMinimal)]
    [InlineData("0100", "6351675168", RuleCode.ScriptSelectorNotMinimal)]
    [InlineData("020100", "6351675168", RuleCode.ScriptSelectorNotMinimal)]
    [InlineData("51", "6363006768516851", RuleCode.ScriptStackEmpty)]
    [InlineData("5252", "87", RuleCode.Accepted)]
    [InlineData("5253", "87", RuleCode.ScriptFalse)]
    [InlineData("5253", "8851", RuleCode.ScriptVerifyFailed)]
    [InlineData("00", "6951", RuleCode.ScriptVerifyFailed)]
    [InlineData("020102", "82528875" + "51", RuleCode.Accepted)]
    [InlineData("51", "61", RuleCode.Accepted)]
    public void Small_scripts_end_as_the_table_says(string unlocking, string locking, RuleCode expected)
    {
        Assert.True(Script.TryParse(unlocking, out Script first));
        Assert.True(Script.TryParse(locking, out Script second));
        Assert.Equal(expected, new ScriptFixture { Locking = second }.Code(first));
    }

    [Theory]
    [InlineData(520, RuleCode.Accepted)]
    [InlineData(521, RuleCode.ScriptLimit)]
    public void An_element_has_at_most_520_bytes(int length, RuleCode expected)
    {
        Script locking = new ScriptBuilder().Op(Opcode.Drop).Op(Opcode.One).ToScript();
        byte[] element = Enumerable.Repeat((byte)7, length).ToArray();
        Assert.Equal(expected, new ScriptFixture { Locking = locking }.Code(
            new ScriptBuilder().Push(element).ToScript()));
    }

    [Theory]
    [InlineData(201, RuleCode.Accepted)]
    [InlineData(202, RuleCode.ScriptLimit)]
    public void A_script_has_at_most_201_operations(int count, RuleCode expected)
    {
        byte[] locking = [.. Enumerable.Repeat((byte)Opcode.Nop, count), (byte)Opcode.One];
        Assert.Equal(expected, new ScriptFixture { Locking = new Script(locking) }.Code(Script.Empty));
    }

    [Theory]
    [InlineData(1000, RuleCode.ScriptStackNotClean)]
    [InlineData(1001, RuleCode.ScriptLimit)]
    public void A_stack_has_at_most_1000_elements(int count, RuleCode expected)
    {
        byte[] pushes = [.. Enumerable.Repeat((byte)Opcode.One, count)];
        Assert.Equal(expected, new ScriptFixture { Locking = Script.Empty }.Code(new Script(pushes)));
    }

    [Fact]
    public void A_script_has_at_most_10000_bytes()
    {
        byte[] bytes = [.. new byte[Script.BytesMax], (byte)Opcode.One];
        Assert.Equal(RuleCode.ScriptLimit, new ScriptFixture { Locking = new Script(bytes) }.Code(Script.Empty));
    }

    [Fact]
    [Trait("Rule", "C-07")]
    public void A_signature_is_empty_or_holds_and_has_a_known_type()
    {
        Script locking = new ScriptBuilder().Push(Samples.Public(Samples.Client).Span).Op(Opcode.CheckSig).ToScript();
        ScriptFixture spend = new() { Locking = locking };
        byte[] signature = spend.Sign(Samples.Client);
        Assert.Equal(RuleCode.Accepted, spend.Code(Push(signature)));
        Assert.Equal(RuleCode.ScriptFalse, spend.Code(Push([])));
        Assert.Equal(RuleCode.ScriptHashType, spend.Code(Push([.. signature[..^1], 0x04])));
        Assert.Equal(RuleCode.ScriptHashType, spend.Code(Push([.. signature[..^1], 0x00])));
        Assert.Equal(RuleCode.ScriptSignature, spend.Code(Push([.. signature[..^1], 0x02])));
        Assert.Equal(RuleCode.ScriptSignatureForm, spend.Code(Push([.. signature[..^1], 0x00, 0x01])));
        Assert.Equal(RuleCode.ScriptSignatureForm, spend.Code(Push([0x01])));
    }

    [Fact]
    [Trait("Rule", "C-07")]
    public void A_key_is_compressed()
    {
        byte[] good = Samples.Public(Samples.Client).Span.ToArray();
        Assert.Equal(RuleCode.ScriptFalse, KeyCode(good));
        Assert.Equal(RuleCode.ScriptPublicKey, KeyCode([0x04, .. good[1..], .. good[1..]]));
        Assert.Equal(RuleCode.ScriptPublicKey, KeyCode([0x05, .. good[1..]]));
        Assert.Equal(RuleCode.ScriptPublicKey, KeyCode([.. good, 1]));
        static RuleCode KeyCode(byte[] key) => new ScriptFixture
        {
            Locking = new ScriptBuilder().Push(key).Op(Opcode.CheckSig).ToScript(),
        }.Code(Push([]));
    }

    [Theory]
    [Trait("Rule", "C-09")]
    [InlineData(1_000_000_000L, 1_000_000_000u, TxInput.SequenceLocked, RuleCode.Accepted)]
    [InlineData(1_000_000_001L, 1_000_000_000u, TxInput.SequenceLocked, RuleCode.ScriptLockTime)]
    [InlineData(1_000_000_000L, 1_000_000_000u, TxInput.SequenceFinal, RuleCode.ScriptLockTime)]
    [InlineData(90L, 1_000_000_000u, TxInput.SequenceLocked, RuleCode.ScriptLockTime)]
    [InlineData(1_000_000_000L, 90u, TxInput.SequenceLocked, RuleCode.ScriptLockTime)]
    [InlineData(90L, 90u, TxInput.SequenceLocked, RuleCode.Accepted)]
    [InlineData(-1L, 90u, TxInput.SequenceLocked, RuleCode.ScriptLockTime)]
    [InlineData(1L << 40, 1_000_000_000u, TxInput.SequenceLocked, RuleCode.ScriptNumber)]
    public void A_lock_time_holds_as_in_bip65(long wanted, uint lockTime, uint sequence, RuleCode expected) =>
        Assert.Equal(expected, Lock(Opcode.CheckLockTimeVerify, wanted, lockTime, sequence));

    [Theory]
    [Trait("Rule", "C-09")]
    [InlineData(5L, 5u, RuleCode.Accepted)]
    [InlineData(6L, 5u, RuleCode.ScriptSequence)]
    [InlineData(5L, 0x80000005u, RuleCode.ScriptSequence)]
    [InlineData(0x80000005L, 0u, RuleCode.Accepted)]
    [InlineData(0x400005L, 5u, RuleCode.ScriptSequence)]
    [InlineData(0x400005L, 0x400005u, RuleCode.Accepted)]
    [InlineData(-1L, 5u, RuleCode.ScriptSequence)]
    public void A_relative_lock_holds_as_in_bip112(long wanted, uint sequence, RuleCode expected) =>
        Assert.Equal(expected, Lock(Opcode.CheckSequenceVerify, wanted, 0, sequence));

    private static RuleCode Lock(Opcode opcode, long wanted, uint lockTime, uint sequence) => new ScriptFixture
    {
        Locking = new ScriptBuilder().Number(wanted).Op(opcode).Op(Opcode.Drop).Op(Opcode.One).ToScript(),
        LockTime = lockTime,
        Sequence = sequence,
    }.Code(Script.Empty);

    private static Script Push(byte[] data) => new ScriptBuilder().Push(data).ToScript();
}
