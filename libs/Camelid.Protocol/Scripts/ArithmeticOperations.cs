namespace Camelid.Protocol.Scripts;

/// <summary>Operations on numbers of at most four bytes. A result of five can't be used as a number again.</summary>
internal static class ArithmeticOperations
{
    /// <summary>How many numbers an operation of this kind takes; −1 where it is of another kind.</summary>
    public static int Needs(Opcode opcode) => opcode switch
    {
        Opcode.Increment or Opcode.Decrement => 1,
        >= Opcode.Negate and <= Opcode.NotZero => 1,
        Opcode.Add or Opcode.Subtract => 2,
        >= Opcode.BothTrue and <= Opcode.Greatest => 2,
        Opcode.Within => 3,
        _ => -1,
    };

    /// <summary>Runs an operation for which <see cref="Needs"/> was asked.</summary>
    public static RuleCode Run(Opcode opcode, ScriptStack stack, bool minimal)
    {
        int count = Needs(opcode);
        Span<long> numbers = stackalloc long[3];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> element = stack.Peek(count - 1 - i).Span;
            if (!ScriptNumber.TryDecode(element, ScriptNumber.BytesMax, minimal, out numbers[i]))
            {
                return RuleCode.ScriptNumber;
            }
        }

        stack.Drop(count);
        if (opcode == Opcode.NumberEqualVerify)
        {
            return numbers[0] == numbers[1] ? RuleCode.Accepted : RuleCode.ScriptVerifyFailed;
        }

        switch (count)
        {
            case 1:
                stack.PushNumber(One(opcode, numbers[0]));
                break;
            case 3:
                stack.Push(numbers[1] <= numbers[0] && numbers[0] < numbers[2]);
                break;
            default:
                stack.PushNumber(Two(opcode, numbers[0], numbers[1]));
                break;
        }

        return RuleCode.Accepted;
    }

    private static long One(Opcode opcode, long a) => opcode switch
    {
        Opcode.Increment => a + 1,
        Opcode.Decrement => a - 1,
        Opcode.Negate => -a,
        Opcode.Absolute => Math.Abs(a),
        Opcode.Not => a == 0 ? 1 : 0,
        _ => a == 0 ? 0 : 1,
    };

    private static long Two(Opcode opcode, long a, long b) => opcode switch
    {
        Opcode.Add => a + b,
        Opcode.Subtract => a - b,
        Opcode.Least => Math.Min(a, b),
        Opcode.Greatest => Math.Max(a, b),
        _ => Holds(opcode, a, b) ? 1 : 0,
    };

    private static bool Holds(Opcode opcode, long a, long b) => opcode switch
    {
        Opcode.BothTrue => a != 0 && b != 0,
        Opcode.EitherTrue => a != 0 || b != 0,
        Opcode.NumberEqual => a == b,
        Opcode.NumberNotEqual => a != b,
        Opcode.Less => a < b,
        Opcode.Greater => a > b,
        Opcode.LessOrEqual => a <= b,
        _ => a >= b,
    };
}
