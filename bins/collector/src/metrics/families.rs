//! Families of metrics, put together from figures that were counted elsewhere.

use std::time::Duration;

use obs_pipeline::Delays;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// Families in the making.
#[derive(Default)]
pub(super) struct Families(Vec<MetricFamily>);

/// Names and values of labels.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

impl Families {
    /// A counter without labels.
    pub(super) fn counter(&mut self, name: &str, help: &str, count: u64) {
        self.counters(name, help, [(Vec::new(), count as f64)]);
    }

    /// A counter with labels.
    pub(super) fn counters(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, f64)>) {
        let metric = |(labels, value)| {
            let (mut counter, mut metric) = (Counter::default(), Metric::from_label(pairs(labels)));
            counter.set_value(value);
            metric.set_counter(counter);
            metric
        };
        self.add(name, help, MetricType::COUNTER, values.into_iter().map(metric).collect());
    }

    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.labelled_gauge(name, help, Vec::new(), value);
    }

    /// A gauge with labels.
    pub(super) fn labelled_gauge(&mut self, name: &str, help: &str, labels: Labels, value: f64) {
        let (mut gauge, mut metric) = (Gauge::default(), Metric::from_label(pairs(labels)));
        gauge.set_value(value);
        metric.set_gauge(gauge);
        self.add(name, help, MetricType::GAUGE, vec![metric]);
    }

    /// A histogram of delays, in seconds.
    pub(super) fn histogram(&mut self, name: &str, help: &str, bounds: &[Duration], delays: &Delays) {
        let bucket = |(bound, within): (&Duration, &u64)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound.as_secs_f64());
            bucket.set_cumulative_count(*within);
            bucket
        };
        let (mut histogram, mut metric) = (Histogram::default(), Metric::default());
        histogram.set_bucket(bounds.iter().zip(&delays.within).map(bucket).collect());
        histogram.set_sample_count(delays.count);
        histogram.set_sample_sum(delays.sum.as_secs_f64());
        metric.set_histogram(histogram);
        self.add(name, help, MetricType::HISTOGRAM, vec![metric]);
    }

    pub(super) fn into_inner(self) -> Vec<MetricFamily> {
        self.0
    }

    fn add(&mut self, name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.0.push(family);
    }
}

fn pairs(labels: Labels) -> Vec<LabelPair> {
    let pair = |(name, value): (&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    labels.into_iter().map(pair).collect()
}
