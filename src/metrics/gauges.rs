//! What is not counted as it happens but looked up when somebody asks.

use prometheus::{
    Counter, Gauge, IntGauge, IntGaugeVec, Registry, Result,
    register_counter_with_registry as float_counter, register_gauge_with_registry as float_gauge,
    register_int_gauge_vec_with_registry as gauges, register_int_gauge_with_registry as gauge,
};

/// Set by whoever looks; see `operators`.
#[derive(Debug, Clone)]
pub struct Gauges {
    /// Callers that wait for a slot.
    pub hash_queue_depth: IntGauge,
    pub hash_threads: IntGauge,
    pub idle_database_connections: IntGauge,
    pub used_database_connections: IntGauge,
    pub max_database_connections: IntGauge,
    mails: IntGaugeVec,
    pub process: ProcessGauges,
    build: IntGaugeVec,
}

/// Of the process, by the names that all Prometheus clients use.
#[derive(Debug, Clone)]
pub struct ProcessGauges {
    pub start_time: Gauge,
    pub resident_memory: IntGauge,
    pub virtual_memory: IntGauge,
    pub open_fds: IntGauge,
    pub max_fds: IntGauge,
    pub threads: IntGauge,
    cpu: Counter,
}

impl Gauges {
    /// The mails in the outbox, or nothing when the database cannot say.
    pub fn set_mails(&self, waiting_and_failed: Option<(i64, i64)>) {
        self.mails.reset();
        if let Some((waiting, failed)) = waiting_and_failed {
            self.mails.with_label_values(&["waiting"]).set(waiting);
            self.mails.with_label_values(&["failed"]).set(failed);
        }
    }

    /// What is running; once.
    pub fn set_build(&self, version: &str, database: &str) {
        self.build.with_label_values(&[version, database]).set(1);
    }

    pub(super) fn register(r: &Registry) -> Result<Self> {
        let connections = gauges!(
            "doorward_database_connections",
            "Connections of this instance to its database, by state.",
            &["state"],
            r
        )?;
        Ok(Self {
            hash_queue_depth: gauge!(
                "doorward_hash_queue_depth",
                "Passwords that wait for their turn to be hashed.",
                r
            )?,
            hash_threads: gauge!("doorward_hash_threads", "Threads that hash passwords.", r)?,
            idle_database_connections: connections.with_label_values(&["idle"]),
            used_database_connections: connections.with_label_values(&["used"]),
            max_database_connections: gauge!(
                "doorward_database_connections_max",
                "Connections that this instance may have to its database.",
                r
            )?,
            mails: gauges!(
                "doorward_mails",
                "Mails in the outbox that wait, or failed for good; the same at every instance. \
                 Absent when the database cannot say.",
                &["state"],
                r
            )?,
            process: ProcessGauges::register(r)?,
            build: gauges!(
                "doorward_build_info",
                "Always 1; what is running.",
                &["version", "database"],
                r
            )?,
        })
    }
}

impl ProcessGauges {
    fn register(r: &Registry) -> Result<Self> {
        Ok(Self {
            start_time: float_gauge!(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970.",
                r
            )?,
            resident_memory: gauge!(
                "process_resident_memory_bytes",
                "Memory of the process that is in RAM.",
                r
            )?,
            virtual_memory: gauge!(
                "process_virtual_memory_bytes",
                "Addresses that the process has taken.",
                r
            )?,
            open_fds: gauge!("process_open_fds", "Files and sockets that are open.", r)?,
            max_fds: gauge!("process_max_fds", "Files and sockets that may be open.", r)?,
            threads: gauge!("process_threads", "Threads of the process.", r)?,
            cpu: float_counter!(
                "process_cpu_seconds_total",
                "Time that the process has had of the processors.",
                r
            )?,
        })
    }

    /// All the processor time so far; two who look at the same time must take turns.
    pub fn set_cpu(&self, seconds: f64) {
        self.cpu.inc_by((seconds - self.cpu.get()).max(0.0));
    }
}
