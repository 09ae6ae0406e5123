using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using ChainSamples = Camelid.Protocol.Tests.Transactions.Samples;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// The interpreter: two bytes of length, the unlocking script, the locking script. Every run ends with a code, and the
/// same run with the same one.
/// </summary>
internal sealed class ScriptTarget : IFuzzTarget
{
    private static readonly SpendContext Context =
        new(200, 1_800_000_000, 1_799_999_000, Network.Regtest, ChainSamples.Curve);

    private static readonly Transaction Spending = ChainSamples.Spend(
        [ChainSamples.OutPoint(new Random(1))],
        [new TxOutput(Amount.Grain(1_000), ChainSamples.P2pkh(ChainSamples.Worker))],
        ChainSamples.Client,
        lockTime: 1_799_000_000);

    /// <inheritdoc/>
    public string Name => "script-run";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["ScriptNumber.TryDecode"];

    /// <summary>
    /// A run may fill a stack of 1,000 elements of 520 bytes, and hash the transaction for each signature.
    /// </summary>
    public FuzzAllowance Allowance => new(8 << 20, 2_048);

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples()
    {
        Script[] locking =
        [
            ChainSamples.P2pkh(ChainSamples.Client),
            new DepositScript(1_800_000_000, Key).Build(),
            new StakeScript(1_790_000_000, Key).Build(),
            new PaymentScript(Hashes.Sha256([1]), Hash160.Of([2]), Key, 1_799_000_000, Key).Build(),
            Arithmetic(),
        ];
        Script signed = Spending.Inputs[0].Script;
        return
        [
            .. locking.Select(script => Input(signed, script)),
            .. locking.Select(script => Input(new ScriptBuilder().Push([1]).Op(Opcode.One).ToScript(), script)),
        ];
    }

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
        {
            return false;
        }

        int split = Math.Min((input[0] << 8) | input[1], input.Length - 2);
        Script unlocking = new(input.Slice(2, split));
        Script locking = new(input[(2 + split)..]);
        ScriptOutcome first = Judge(unlocking, locking);
        FuzzFault.Require(first.Code != RuleCode.Unset, "a run ended without a code");
        FuzzFault.Require(first == Judge(unlocking, locking), "the same run ended with another code");
        return first.Code == RuleCode.Accepted;
    }

    private static PublicKey Key =>
        ChainSamples.Public(ChainSamples.Client);

    private static ScriptOutcome Judge(Script unlocking, Script locking) => ScriptInterpreter.Verify(
        unlocking,
        locking,
        new ScriptContext
        {
            Transaction = Spending.WithScript(0, unlocking),
            InputIndex = 0,
            Spent = new Utxo(new TxOutput(Amount.Grain(2_000), locking), 10, false, 1_790_000_000, default),
            Block = Context,
        });

    private static Script Arithmetic() => new ScriptBuilder().Op(Opcode.Dup).Op(Opcode.Add).Op(Opcode.Size)
        .Op(Opcode.If).Op(Opcode.Sha256).Op(Opcode.Else).Op(Opcode.Hash160).Op(Opcode.EndIf).ToScript();

    private static byte[] Input(Script unlocking, Script locking) =>
        [(byte)(unlocking.Length >> 8), (byte)unlocking.Length, .. unlocking.Span, .. locking.Span];
}

/// <summary>The forms of scripts that are recognised, and what is shown of any script.</summary>
internal sealed class ScriptFormTarget : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name => "script-form";

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers =>
        ["P2pkhScript.TryParse", "DepositScript.TryParse", "PaymentScript.TryParse", "StakeScript.TryParse"];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => new ScriptTarget().Samples().Take(4).Select(Locking);

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        Script script = new(input);
        FuzzFault.Require(script.SignatureOperationCount() >= 0, "a count is below zero");
        FuzzFault.Require(script.SignatureOperationCountExact() >= 0, "a count is below zero");
        FuzzFault.Require(ScriptText.Of(script) is not null, "a script has no text");
        PaymentScript.TryReadSecret(script, out byte[] _);
        int forms = 0;
        forms += P2pkhScript.TryParse(script, out P2pkhScript keyHash) ? Same(keyHash.Build(), script) : 0;
        forms += DepositScript.TryParse(script, out DepositScript deposit) ? Same(deposit.Build(), script) : 0;
        forms += PaymentScript.TryParse(script, out PaymentScript payment) ? Same(payment.Build(), script) : 0;
        forms += StakeScript.TryParse(script, out StakeScript stake) ? Same(stake.Build(), script) : 0;
        FuzzFault.Require(forms <= 1, "a script has two forms");
        return forms == 1;
    }

    private static int Same(Script built, Script read)
    {
        FuzzFault.Require(built == read, "a form that is read is not built again");
        return 1;
    }

    private static byte[] Locking(byte[] input) => input[(2 + ((input[0] << 8) | input[1]))..];
}

/// <summary>Numbers in scripts: what is read in its shortest form is written so again.</summary>
internal sealed class NumberTarget : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name => "script-number";

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["ScriptNumber.TryDecode"];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() =>
        new long[] { 0, 1, -1, 127, 128, -255, 0x7fff_ffff, 0x7f_ffff_ffff }.Select(ScriptNumber.Encode);

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        bool isNumber = ScriptNumber.TryDecode(input, 8, out long value);
        FuzzFault.Require(
            !isNumber || ScriptNumber.Encode(value).AsSpan().SequenceEqual(input), "a number is not written again");
        return isNumber;
    }
}
