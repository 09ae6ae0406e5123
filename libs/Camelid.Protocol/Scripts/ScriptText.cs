using System.Globalization;
using System.Text;

namespace Camelid.Protocol.Scripts;

/// <summary>Scripts as people read them: operations in capitals, pushes in hexadecimal.</summary>
public static class ScriptText
{
    /// <summary>The operations of a script, one space between two; a push past the end is <c>[broken]</c>.</summary>
    public static string Of(Script script)
    {
        StringBuilder text = new();
        ScriptReader reader = new(script.Span);
        while (reader.TryRead(out ScriptStep step))
        {
            text.Append(text.Length == 0 ? "" : " ").Append(Word(step));
        }

        return (reader.Failed ? text.Append(text.Length == 0 ? "[broken]" : " [broken]") : text).ToString();
    }

    private static string Word(ScriptStep step) => step.Opcode switch
    {
        Opcode.Zero => "0",
        Opcode.MinusOne => "-1",
        <= Opcode.PushData4 => Convert.ToHexStringLower(step.Data),
        >= Opcode.One and <= Opcode.Sixteen =>
            ((int)step.Opcode - (int)Opcode.One + 1).ToString(CultureInfo.InvariantCulture),
        _ when Enum.IsDefined(step.Opcode) => step.Opcode.ToString().ToUpperInvariant(),
        _ => string.Create(CultureInfo.InvariantCulture, $"[0x{(int)step.Opcode:x2}]"),
    };
}
