using System.Globalization;
using System.Text;
using Camelid.ServiceDefaults.Storage;
using Dapper;

namespace Camelid.Chain.Index;

/// <summary>
/// Writes many rows with few statements: on PostgreSQL a round trip for each row would be most of the time.
/// </summary>
internal static class RowInsert
{
    /// <summary>Most parameters of one statement; SQLite's older limit is 999.</summary>
    public const int ParametersMax = 900;

    /// <summary>Inserts rows, as many in one statement as its parameters allow.</summary>
    /// <param name="session">The open transaction.</param>
    /// <param name="table">The table, with its columns in parentheses.</param>
    /// <param name="rows">Values in the order of the columns; all rows equally long.</param>
    public static async Task ExecuteAsync(DatabaseSession session, string table, IReadOnlyList<object?[]> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        foreach (object?[][] part in rows.Chunk(ParametersMax / rows[0].Length))
        {
            StringBuilder sql = new($"insert into {table} values ");
            DynamicParameters parameters = new();
            int number = 0;
            foreach (object?[] row in part)
            {
                sql.Append(number == 0 ? "(" : ", (");
                for (int i = 0; i < row.Length; i++)
                {
                    string name = string.Create(CultureInfo.InvariantCulture, $"p{number++}");
                    parameters.Add(name, row[i]);
                    sql.Append(i == 0 ? "@" : ", @").Append(name);
                }

                sql.Append(')');
            }

            await session.ExecuteAsync(sql.ToString(), parameters);
        }
    }

    /// <summary>
    /// A list of values for <c>in</c>: one parameter for each, since a list parameter is written differently on each
    /// engine.
    /// </summary>
    /// <returns>The parameters' names, between commas.</returns>
    public static string List(DynamicParameters parameters, string prefix, IEnumerable<object> values)
    {
        List<string> names = [];
        foreach (object value in values)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{prefix}{names.Count}");
            parameters.Add(name, value);
            names.Add("@" + name);
        }

        return string.Join(", ", names);
    }
}

/// <summary>Several updates of single rows, to be sent as one text.</summary>
internal sealed class RowUpdates
{
    private readonly StringBuilder sql = new();
    private int count;

    /// <summary>The statements.</summary>
    public string Sql => sql.ToString();

    /// <summary>Their parameters.</summary>
    public DynamicParameters Parameters { get; } = new();

    /// <summary>Adds a statement.</summary>
    /// <param name="format">The statement; <c>{0}</c>, <c>{1}</c> … stand for the values.</param>
    /// <param name="values">The values.</param>
    public void Add(string format, params object[] values)
    {
        string[] names = new string[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"u{count++}");
            Parameters.Add(name, values[i]);
            names[i] = "@" + name;
        }

        sql.AppendFormat(CultureInfo.InvariantCulture, format, names).Append(';').Append('\n');
    }
}
