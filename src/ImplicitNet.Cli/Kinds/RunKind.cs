using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What runs can be about: data of one kind, and what a run does with them.</summary>
internal abstract class RunKind
{
    /// <summary>In the plural, for messages; options that are for this kind alone name it.</summary>
    public abstract string Name { get; }

    /// <summary>Whether data of this name are of this kind.</summary>
    public abstract bool Has(string data);

    /// <summary>What a run does that is told no more than its data.</summary>
    public abstract RunSettings DefaultsFor(string data, bool isPublished = false);

    /// <summary>What is wrong with settings, behind two dashes; null when nothing is.</summary>
    public abstract string? Problem(RunSettings settings);

    /// <summary>Whether runs of this kind have a setting.</summary>
    public abstract bool Takes(RunSetting setting);

    /// <summary>Why an option that runs of this kind have makes no sense for some of its data; null where it does.</summary>
    public virtual string? Refusal(string data, RunSetting setting) => null;

    /// <summary>What samples are called, in the plural.</summary>
    public abstract string Samples(string data);
}
