using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace ImplicitNet.Files;

/// <summary>A number for each channel of an image, or one for all channels. Two with the same numbers are equal.</summary>
/// <remarks>A single number can be used wherever channel values are expected. In JSON it is a number or a list of numbers.</remarks>
[CollectionBuilder(typeof(ChannelValues), nameof(Create))]
[JsonConverter(typeof(ChannelValuesJson))]
public sealed class ChannelValues : IReadOnlyList<double>, IEquatable<ChannelValues>
{
    private readonly ImmutableArray<double> _values;

    private ChannelValues(ImmutableArray<double> values) => _values = values;

    /// <summary>The number of values; at least 1. A single one is for all channels.</summary>
    public int Count => _values.Length;

    /// <summary>The number at a place, from 0.</summary>
    public double this[int index] => _values[index];

    /// <summary>One number for all channels.</summary>
    public static implicit operator ChannelValues(double value) => new([value]);

    /// <summary>Creates the values; called by collection expressions such as <c>[0.5, 0.5, 0.4]</c>.</summary>
    /// <exception cref="ArgumentException">There is no number.</exception>
    public static ChannelValues Create(ReadOnlySpan<double> values) => values.IsEmpty
        ? throw new ArgumentException("One number at least is needed.", nameof(values))
        : new ChannelValues([.. values]);

    /// <summary>The number of a channel.</summary>
    /// <param name="channel">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are several numbers, and none for this channel.</exception>
    public double Of(int channel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        return Count == 1 ? _values[0]
            : channel < Count ? _values[channel]
            : throw new ArgumentOutOfRangeException(nameof(channel), channel, $"There are {Count} channels.");
    }

    /// <summary>Whether the values suit images with this many channels.</summary>
    public bool Fit(int channels) => Count == 1 || Count == channels;

    /// <summary>The numbers in order.</summary>
    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)_values).GetEnumerator();

    /// <summary>Whether both hold the same numbers.</summary>
    public bool Equals(ChannelValues? other) => other is not null && _values.SequenceEqual(other._values);

    /// <summary>Whether the other holds the same numbers.</summary>
    public override bool Equals(object? obj) => Equals(obj as ChannelValues);

    /// <summary>Equal for equal numbers.</summary>
    public override int GetHashCode() => _values.Aggregate(_values.Length, HashCode.Combine);

    /// <summary>The number, or the numbers in brackets.</summary>
    public override string ToString()
    {
        string numbers = string.Join(", ", _values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
        return Count == 1 ? numbers : $"[{numbers}]";
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
