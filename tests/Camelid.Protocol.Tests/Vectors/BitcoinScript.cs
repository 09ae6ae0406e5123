using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Tests.Vectors;

/// <summary>Reads scripts, flags and errors as Bitcoin Core's vectors write them.</summary>
internal static class BitcoinScript
{
    /// <summary>Every flag that means something to a script without a witness.</summary>
    public const ScriptFlags AllFlags = ScriptFlags.ScriptHash | ScriptFlags.StrictEncoding | ScriptFlags.StrictDer
        | ScriptFlags.LowS | ScriptFlags.NullDummy | ScriptFlags.PushOnly | ScriptFlags.Minimal | ScriptFlags.CleanStack
        | ScriptFlags.LockTime | ScriptFlags.SequenceLock | ScriptFlags.NullFail | ScriptFlags.WholeScript
        | ScriptFlags.NoUnusedNops;

    private static readonly FrozenDictionary<string, ScriptFlags> Flags = new Dictionary<string, ScriptFlags>
    {
        ["P2SH"] = ScriptFlags.ScriptHash,
        ["STRICTENC"] = ScriptFlags.StrictEncoding,
        ["DERSIG"] = ScriptFlags.StrictDer,
        ["LOW_S"] = ScriptFlags.LowS,
        ["NULLDUMMY"] = ScriptFlags.NullDummy,
        ["SIGPUSHONLY"] = ScriptFlags.PushOnly,
        ["MINIMALDATA"] = ScriptFlags.Minimal,
        ["CLEANSTACK"] = ScriptFlags.CleanStack | ScriptFlags.ScriptHash,
        ["CHECKLOCKTIMEVERIFY"] = ScriptFlags.LockTime,
        ["CHECKSEQUENCEVERIFY"] = ScriptFlags.SequenceLock,
        ["NULLFAIL"] = ScriptFlags.NullFail,
        ["CONST_SCRIPTCODE"] = ScriptFlags.WholeScript,
        ["DISCOURAGE_UPGRADABLE_NOPS"] = ScriptFlags.NoUnusedNops,

        // Bitcoin asks for these of witness scripts only, so that they mean nothing to any vector that is run here.
        ["MINIMALIF"] = ScriptFlags.None,
        ["DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM"] = ScriptFlags.None,
        ["WITNESS"] = ScriptFlags.None,
    }.ToFrozenDictionary();

    /// <summary>The refusals that stand for one error of Bitcoin Core.</summary>
    private static readonly FrozenDictionary<string, RuleCode[]> Errors = new Dictionary<string, RuleCode[]>
    {
        ["OK"] = [RuleCode.Accepted],
        ["EVAL_FALSE"] = [RuleCode.ScriptFalse],
        ["OP_RETURN"] = [RuleCode.ScriptReturn],
        ["SCRIPT_SIZE"] = [RuleCode.ScriptLimit],
        ["PUSH_SIZE"] = [RuleCode.ScriptLimit],
        ["OP_COUNT"] = [RuleCode.ScriptLimit],
        ["STACK_SIZE"] = [RuleCode.ScriptLimit],
        ["SIG_COUNT"] = [RuleCode.ScriptSignatureCount],
        ["PUBKEY_COUNT"] = [RuleCode.ScriptKeyCount],
        ["VERIFY"] = [RuleCode.ScriptVerifyFailed],
        ["EQUALVERIFY"] = [RuleCode.ScriptVerifyFailed],
        ["CHECKSIGVERIFY"] = [RuleCode.ScriptVerifyFailed],
        ["CHECKMULTISIGVERIFY"] = [RuleCode.ScriptVerifyFailed],
        ["NUMEQUALVERIFY"] = [RuleCode.ScriptVerifyFailed],
        ["BAD_OPCODE"] = [RuleCode.ScriptUnknownOpcode, RuleCode.ScriptTruncatedPush],
        ["DISCOURAGE_UPGRADABLE_NOPS"] = [RuleCode.ScriptUnknownOpcode],
        ["DISABLED_OPCODE"] = [RuleCode.ScriptDisabledOpcode],
        ["INVALID_STACK_OPERATION"] = [RuleCode.ScriptStackEmpty],
        ["INVALID_ALTSTACK_OPERATION"] = [RuleCode.ScriptAltStackEmpty],
        ["UNBALANCED_CONDITIONAL"] = [RuleCode.ScriptUnbalancedIf],
        ["SCRIPTNUM"] = [RuleCode.ScriptNumber],
        ["SIG_HASHTYPE"] = [RuleCode.ScriptHashType],
        ["SIG_DER"] = [RuleCode.ScriptSignatureForm],
        ["MINIMALDATA"] = [RuleCode.ScriptNotMinimal],
        ["SIG_PUSHONLY"] = [RuleCode.ScriptNotPushOnly],
        ["SIG_HIGH_S"] = [RuleCode.ScriptSignatureHighS],
        ["SIG_NULLDUMMY"] = [RuleCode.ScriptDummyNotEmpty],
        ["PUBKEYTYPE"] = [RuleCode.ScriptPublicKey],
        ["CLEANSTACK"] = [RuleCode.ScriptStackNotClean],
        ["NULLFAIL"] = [RuleCode.ScriptSignature],
        ["NEGATIVE_LOCKTIME"] = [RuleCode.ScriptLockTime, RuleCode.ScriptSequence],
        ["UNSATISFIED_LOCKTIME"] = [RuleCode.ScriptLockTime, RuleCode.ScriptSequence],
    }.ToFrozenDictionary();

    /// <summary>Bitcoin's names of the operations whose names differ from ours, without OP_.</summary>
    private static readonly FrozenDictionary<string, Opcode> OtherNames = new Dictionary<string, Opcode>
    {
        ["1NEGATE"] = Opcode.MinusOne,
        ["VER"] = Opcode.Version,
        ["VERIF"] = Opcode.VersionIf,
        ["VERNOTIF"] = Opcode.VersionNotIf,
        ["2DROP"] = Opcode.TwoDrop,
        ["2DUP"] = Opcode.TwoDup,
        ["3DUP"] = Opcode.ThreeDup,
        ["2OVER"] = Opcode.TwoOver,
        ["2ROT"] = Opcode.TwoRotate,
        ["2SWAP"] = Opcode.TwoSwap,
        ["ROT"] = Opcode.Rotate,
        ["CAT"] = Opcode.Concatenate,
        ["SUBSTR"] = Opcode.Substring,
        ["1ADD"] = Opcode.Increment,
        ["1SUB"] = Opcode.Decrement,
        ["2MUL"] = Opcode.Double,
        ["2DIV"] = Opcode.Halve,
        ["ABS"] = Opcode.Absolute,
        ["0NOTEQUAL"] = Opcode.NotZero,
        ["SUB"] = Opcode.Subtract,
        ["MUL"] = Opcode.Multiply,
        ["DIV"] = Opcode.Divide,
        ["MOD"] = Opcode.Remainder,
        ["LSHIFT"] = Opcode.ShiftLeft,
        ["RSHIFT"] = Opcode.ShiftRight,
        ["BOOLAND"] = Opcode.BothTrue,
        ["BOOLOR"] = Opcode.EitherTrue,
        ["NUMEQUAL"] = Opcode.NumberEqual,
        ["NUMEQUALVERIFY"] = Opcode.NumberEqualVerify,
        ["NUMNOTEQUAL"] = Opcode.NumberNotEqual,
        ["LESSTHAN"] = Opcode.Less,
        ["GREATERTHAN"] = Opcode.Greater,
        ["LESSTHANOREQUAL"] = Opcode.LessOrEqual,
        ["GREATERTHANOREQUAL"] = Opcode.GreaterOrEqual,
        ["MIN"] = Opcode.Least,
        ["MAX"] = Opcode.Greatest,
        ["NOP9"] = Opcode.CheckVerdict,
        ["NOP10"] = Opcode.CheckJob,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, Opcode> Names = Enum.GetValues<Opcode>()
        .Where(opcode => opcode > Opcode.Sixteen || opcode == Opcode.Reserved)
        .Select(opcode => KeyValuePair.Create(opcode.ToString().ToUpperInvariant(), opcode))
        .Concat(OtherNames).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Flags by their names, which a comma parts.</summary>
    public static ScriptFlags ReadFlags(string text) => Words(text, ',')
        .Aggregate(ScriptFlags.None, (all, word) => all | (word == "NONE" ? ScriptFlags.None : Flags[word]));

    /// <summary>True where one of the words is a flag of witnesses or of taproot.</summary>
    public static bool HasWitnessFlag(string text) => Words(text, ',').Any(word =>
        word.Contains("WITNESS", StringComparison.Ordinal) || word == "TAPROOT");

    /// <summary>True where our refusal stands for the error of Bitcoin Core.</summary>
    public static bool Agrees(string error, RuleCode code) => Errors[error].Contains(code);

    /// <summary>A script as text: hexadecimal bytes, quoted texts, numbers and names of operations.</summary>
    public static Script Assemble(string text)
    {
        CanonicalWriter writer = new();
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.StartsWith("0x", StringComparison.Ordinal))
            {
                writer.Raw(Convert.FromHexString(word[2..]));
            }
            else if (word.StartsWith('\''))
            {
                writer.Raw(PushOf(Encoding.ASCII.GetBytes(word.Trim('\''))));
            }
            else if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            {
                writer.Raw(new ScriptBuilder().Number(number).ToScript().Span);
            }
            else
            {
                writer.Byte((byte)Names[word.StartsWith("OP_", StringComparison.Ordinal) ? word[3..] : word]);
            }
        }

        return new Script(writer.Written);
    }

    private static string[] Words(string text, char separator) =>
        text.Split(separator, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A push by length: of texts, Bitcoin Core's vectors use no shorter form.</summary>
    private static byte[] PushOf(byte[] data) => data.Length switch
    {
        <= 0x4b => [(byte)data.Length, .. data],
        <= byte.MaxValue => [(byte)Opcode.PushData1, (byte)data.Length, .. data],
        _ => [(byte)Opcode.PushData2, (byte)data.Length, (byte)(data.Length >> 8), .. data],
    };
}
