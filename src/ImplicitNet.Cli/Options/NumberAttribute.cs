using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>A number within a range; whole where the property is.</summary>
internal sealed class NumberAttribute(OptionGroup group, string help) : FlagAttribute(group, help)
{
    public double Least { get; init; } = double.NegativeInfinity;

    public double Above { get; init; } = double.NegativeInfinity;

    public double Most { get; init; } = double.PositiveInfinity;

    public double Below { get; init; } = double.PositiveInfinity;

    /// <summary>Another name of the flag.</summary>
    public string? Alias { get; init; }

    public override Option Create(string name, string help, Type type)
    {
        NumberRange range = new() { Least = Least, Above = Above, Most = Most, Below = Below };
        string[] aliases = Alias is null ? [] : [Alias];
        Type number = Nullable.GetUnderlyingType(type) ?? type;
        return number == typeof(int) ? NumberOption.Create<int>(name, help, range, aliases)
            : number == typeof(long) ? NumberOption.Create<long>(name, help, range, aliases)
            : NumberOption.Create<double>(name, help, range, aliases);
    }
}
