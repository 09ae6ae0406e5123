using System.Collections.Frozen;
using System.Text;

namespace Camelid.Protocol;

/// <summary>How a verdict is written.</summary>
public static class RuleCodeText
{
    private static readonly FrozenDictionary<RuleCode, string> Reasons =
        Enum.GetValues<RuleCode>().ToFrozenDictionary(code => code, code => Kebab(code.ToString()));

    /// <summary>The name in kebab case, such as <c>coinbase-claims-too-much</c>; stable, for APIs and logs.</summary>
    public static string ToReason(this RuleCode code) =>
        Reasons.TryGetValue(code, out string? reason) ? reason : "unset";

    private static string Kebab(string name)
    {
        StringBuilder text = new(name.Length + 8);
        foreach (char letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
