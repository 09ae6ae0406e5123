using System.Globalization;
using System.Text;
using Google.Protobuf.Reflection;

namespace Camelid.Contracts.Tests;

/// <summary>
/// What a peer relies on in a .proto, as lines: services, methods, messages, field numbers and types.
/// </summary>
internal static class ProtoText
{
    public static string Of(FileDescriptor file)
    {
        StringBuilder text = new();
        Line(text, $"package {file.Package}");
        foreach (ServiceDescriptor service in file.Services)
        {
            Line(text, $"service {service.Name}");
            foreach (MethodDescriptor method in service.Methods)
            {
                Line(text, $"  {method.Name} ({Stream(method.IsClientStreaming)}{method.InputType.FullName})"
                    + $" -> {Stream(method.IsServerStreaming)}{method.OutputType.FullName}");
            }
        }

        foreach (EnumDescriptor values in file.EnumTypes)
        {
            Write(text, values);
        }

        foreach (MessageDescriptor message in file.MessageTypes)
        {
            Write(text, message);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, EnumDescriptor values)
    {
        Line(text, $"enum {values.FullName}");
        foreach (EnumValueDescriptor value in values.Values)
        {
            Line(text, $"  {value.Number} {value.Name}");
        }
    }

    private static void Write(StringBuilder text, MessageDescriptor message)
    {
        Line(text, $"message {message.FullName}");
        foreach (FieldDescriptor field in message.Fields.InFieldNumberOrder())
        {
            string many = field.IsRepeated ? "repeated " : field.HasPresence ? "optional " : "";
            string choice = field.RealContainingOneof is { } oneof ? $" of {oneof.Name}" : "";
            Line(text, $"  {field.FieldNumber} {many}{TypeOf(field)} {field.Name}{choice}");
        }

        foreach (EnumDescriptor values in message.EnumTypes)
        {
            Write(text, values);
        }

        foreach (MessageDescriptor nested in message.NestedTypes)
        {
            Write(text, nested);
        }
    }

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        _ => field.FieldType.ToString().ToLowerInvariant(),
    };

    private static string Stream(bool streaming) => streaming ? "stream " : "";

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
