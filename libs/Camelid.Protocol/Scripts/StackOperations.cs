using System.Security.Cryptography;

namespace Camelid.Protocol.Scripts;

/// <summary>Operations that move, compare and hash elements.</summary>
internal static class StackOperations
{
    /// <summary>How many elements an operation of this kind needs; −1 where it is of another kind.</summary>
    public static int Needs(Opcode opcode) => opcode switch
    {
        Opcode.Depth => 0,
        Opcode.Verify or Opcode.IfDup or Opcode.Drop or Opcode.Dup or Opcode.Size => 1,
        >= Opcode.Ripemd160 and <= Opcode.Hash256 => 1,
        Opcode.TwoDrop or Opcode.TwoDup or Opcode.Nip or Opcode.Over or Opcode.Swap or Opcode.Tuck => 2,
        Opcode.Pick or Opcode.Roll or Opcode.Equal or Opcode.EqualVerify => 2,
        Opcode.ThreeDup or Opcode.Rotate => 3,
        Opcode.TwoOver or Opcode.TwoSwap => 4,
        Opcode.TwoRotate => 6,
        _ => -1,
    };

    /// <summary>Runs an operation for which <see cref="Needs"/> was asked.</summary>
    public static RuleCode Run(Opcode opcode, ScriptStack stack, bool minimal)
    {
        switch (opcode)
        {
            case Opcode.Verify:
                return Truth(ScriptStack.IsTrue(stack.Pop().Span));
            case Opcode.Equal:
                stack.Push(Same(stack));
                return RuleCode.Accepted;
            case Opcode.EqualVerify:
                return Truth(Same(stack));
            case Opcode.Pick or Opcode.Roll:
                return Fetch(opcode, stack, minimal);
            case >= Opcode.Ripemd160 and <= Opcode.Hash256:
                stack.Push(Digest(opcode, stack.Pop().Span));
                return RuleCode.Accepted;
            default:
                Move(opcode, stack);
                return RuleCode.Accepted;
        }
    }

    private static RuleCode Truth(bool value) => value ? RuleCode.Accepted : RuleCode.ScriptVerifyFailed;

    private static bool Same(ScriptStack stack)
    {
        ReadOnlyMemory<byte> top = stack.Pop();
        return stack.Pop().Span.SequenceEqual(top.Span);
    }

    private static RuleCode Fetch(Opcode opcode, ScriptStack stack, bool minimal)
    {
        if (!ScriptNumber.TryDecode(stack.Top, ScriptNumber.BytesMax, minimal, out long depth))
        {
            return RuleCode.ScriptNumber;
        }

        stack.Drop(1);
        if (depth < 0 || depth >= stack.Count)
        {
            return RuleCode.ScriptStackEmpty;
        }

        stack.Push(opcode == Opcode.Pick ? stack.Peek((int)depth) : stack.Take((int)depth));
        return RuleCode.Accepted;
    }

    private static void Move(Opcode opcode, ScriptStack stack)
    {
        switch (opcode)
        {
            case Opcode.Drop or Opcode.TwoDrop:
                stack.Drop(opcode == Opcode.Drop ? 1 : 2);
                break;
            case Opcode.Dup or Opcode.TwoDup or Opcode.ThreeDup:
                Repeat(stack, Needs(opcode), Needs(opcode) - 1);
                break;
            case Opcode.IfDup when ScriptStack.IsTrue(stack.Top):
                stack.PushCopy(0);
                break;
            case Opcode.Over:
                stack.PushCopy(1);
                break;
            case Opcode.TwoOver:
                Repeat(stack, 2, 3);
                break;
            case Opcode.Nip:
                stack.Take(1);
                break;
            case Opcode.Swap:
                stack.Push(stack.Take(1));
                break;
            case Opcode.Rotate:
                stack.Push(stack.Take(2));
                break;
            case Opcode.TwoSwap or Opcode.TwoRotate:
                int depth = Needs(opcode) - 1;
                stack.Push(stack.Take(depth));
                stack.Push(stack.Take(depth));
                break;
            case Opcode.Tuck:
                stack.Insert(2, stack.Peek(0));
                break;
            case Opcode.Depth:
                stack.PushNumber(stack.Count);
                break;
            case Opcode.Size:
                stack.PushNumber(stack.Top.Length);
                break;
        }
    }

    /// <summary>Copies so many elements, each so far below the top when its turn comes.</summary>
    private static void Repeat(ScriptStack stack, int count, int depth)
    {
        for (int i = 0; i < count; i++)
        {
            stack.PushCopy(depth);
        }
    }

    private static byte[] Digest(Opcode opcode, ReadOnlySpan<byte> data) => opcode switch
    {
        Opcode.Ripemd160 => Ripemd160.Hash(data),
#pragma warning disable CA5350 // SHA-1 is an operation of Bitcoin's script; nothing here rests on it.
        Opcode.Sha1 => SHA1.HashData(data),
#pragma warning restore CA5350
        Opcode.Sha256 => SHA256.HashData(data),
        Opcode.Hash160 => Hashes.Hash160(data).ToBytes(),
        _ => Hashes.Sha256d(data).ToBytes(),
    };
}
