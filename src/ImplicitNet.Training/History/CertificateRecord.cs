using ImplicitNet.Certification;

namespace ImplicitNet.Training.History;

/// <summary>The certificate of one training batch, in a few numbers; all dimensionless.</summary>
public sealed record CertificateRecord
{
    internal const string Kind = "certificate";

    /// <summary>The optimiser step whose batch it was, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>Cosine of the parameter gradient to the exact one.</summary>
    public required double Cosine { get; init; }

    /// <summary>Relative error of the parameter gradient.</summary>
    public required double RelativeError { get; init; }

    /// <summary>The least cosine of a sample's adjoint direction; null for a gradient without one.</summary>
    public double? DirectionCosine { get; init; }

    /// <summary>The largest ||dR/du|| measured at a sample; NaN for flows.</summary>
    public required double Factor { get; init; }

    /// <summary>How exact the reference was: its largest relative residual; NaN for flows, whose reference is exact.</summary>
    public required double ReferenceResidual { get; init; }

    /// <summary>Of flows, the relative error of the exact gradient of the steps against that of finer ones; else null.</summary>
    public double? DiscretisationError { get; init; }

    /// <summary>The gradient in use, as a position in the escalation policy's list; 0 without a policy.</summary>
    public int Level { get; init; }

    /// <summary>What a certificate comes to.</summary>
    internal static CertificateRecord Of(long step, GradientCertificate certificate, int level)
    {
        double[] cosines = [.. certificate.Counted.Select(sample => sample.Direction?.Cosine).OfType<double>()];
        return new CertificateRecord
        {
            Step = step,
            Cosine = certificate.Gradient.Cosine,
            RelativeError = certificate.Gradient.RelativeError,
            DirectionCosine = cosines.Length > 0 ? cosines.Min() : null,
            Factor = certificate.Contraction.Measured,
            ReferenceResidual = certificate.ReferenceResidual,
            Level = level,
        };
    }

    /// <summary>What a certificate of flows comes to.</summary>
    internal static CertificateRecord Of(long step, FlowCertificate certificate, int level) => new()
    {
        Step = step,
        Cosine = certificate.Consistency.Cosine,
        RelativeError = certificate.Consistency.RelativeError,
        Factor = double.NaN,
        ReferenceResidual = double.NaN,
        DiscretisationError = certificate.Discretisation.RelativeError,
        Level = level,
    };

    /// <summary>As a record of a history.</summary>
    internal HistoryRecord ToHistory()
    {
        Dictionary<string, double> values = new()
        {
            [nameof(Cosine)] = Cosine,
            [nameof(RelativeError)] = RelativeError,
            [nameof(Factor)] = Factor,
            [nameof(ReferenceResidual)] = ReferenceResidual,
            [nameof(Level)] = Level,
        };
        if (DirectionCosine is { } cosine)
        {
            values[nameof(DirectionCosine)] = cosine;
        }

        if (DiscretisationError is { } error)
        {
            // What a flow has not is not written.
            values[nameof(DiscretisationError)] = error;
            values.Remove(nameof(Factor));
            values.Remove(nameof(ReferenceResidual));
        }

        return new HistoryRecord(Kind, Step, values);
    }

    /// <summary>From a record of a history; what is missing is NaN.</summary>
    internal static CertificateRecord FromHistory(HistoryRecord record)
    {
        return new CertificateRecord
        {
            Step = record.Step,
            Cosine = Get(nameof(Cosine)),
            RelativeError = Get(nameof(RelativeError)),
            DirectionCosine = record.Values.TryGetValue(nameof(DirectionCosine), out double cosine) ? cosine : null,
            Factor = Get(nameof(Factor)),
            ReferenceResidual = Get(nameof(ReferenceResidual)),
            DiscretisationError = record.Values.TryGetValue(nameof(DiscretisationError), out double error) ? error : null,
            Level = record.Values.TryGetValue(nameof(Level), out double level) && level is >= 0 and <= int.MaxValue ? (int)level : 0,
        };

        double Get(string name) => record.Values.TryGetValue(name, out double value) ? value : double.NaN;
    }
}
